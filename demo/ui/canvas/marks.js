// The marks of the regions on the picture: a group of shapes and a label for each object.
// They are kept as long as nothing of their object changes, so that an act or an answer draws only what
// is new, and 120 regions stay quick. Every group and label says data-region, data-object and data-turn.

const MARK_NAMES = /\bR\d+(?:\.\d+)?\b/gi;
const marksLayer = overlay.querySelector(".marks");
const foundLayer = overlay.querySelector(".found");
const tags = sheet.querySelector(".tags");
const marks = new Map(); // object's name → {text, group, tag, region, object}

function drawMarks() {
  const focused = document.activeElement?.closest?.("#canvas [data-object]")?.dataset.object;
  const shown = shownObjects();
  const kept = new Map(shown.map((item) => [item.object.id, keptMark(item)]));
  for (const [name, { group, tag }] of marks) if (!kept.has(name)) [group, tag].forEach((old) => old.remove());
  marks.clear();
  kept.forEach((mark, name) => marks.set(name, mark));
  const bySize = [...shown].sort((a, b) => area(b.object.box) - area(a.object.box)); // small ones on top
  arrange(marksLayer, bySize.map(({ object }) => marks.get(object.id).group));
  arrange(tags, shown.map(({ object }) => marks.get(object.id).tag));
  foundLayer.replaceChildren(...scene.provisional.map((found) => (
    shape("g", { class: "object provisional", "data-tone": scene.tone }, ...outlineOf(found)))));
  dashTwins(bySize);
  if (focused) objectNode(focused)?.focus({ preventScroll: true }); // a group that moves loses the focus
}

function shownObjects() {
  return scene.regions.filter((region) => !region.hidden)
    .flatMap((region) => region.objects.map((object) => ({ region, object })));
}

function keptMark({ region, object }) {
  const many = region.objects.length > 1;
  const text = JSON.stringify([region.tone, region.title, region.turn, many, object, outlines.has(object.mask)]);
  const old = marks.get(object.id);
  if (old?.text === text) return Object.assign(old, { region, object });
  const data = { "data-tone": region.tone, "data-turn": region.turn };
  const group = shape("g", {
    class: "object", role: "button", tabindex: "0", "data-region": region.id, "data-object": object.id, ...data,
  }, shape("title", {}), ...outlineOf(object));
  const tag = drawTag(region, object, data);
  old?.group.remove();
  old?.tag.remove();
  return { text, group, tag, region, object };
}

// Puts the nodes in this order and moves only those that stand elsewhere.
function arrange(parent, wanted) {
  let place = parent.firstChild;
  for (const child of wanted) {
    if (child === place) place = place.nextSibling;
    else parent.insertBefore(child, place);
  }
}

function outlineOf({ box, point, mask }) {
  const corners = edges(box);
  const parts = [shape("rect", { class: "hit", ...corners })];
  if (outlines.has(mask)) parts.push(shape("path", { class: "mask", d: outlines.get(mask), "fill-rule": "evenodd" }));
  parts.push(shape("rect", { class: "casing", ...corners }), shape("rect", { class: "box", ...corners }));
  if (point) parts.push(drawPoint(point));
  return parts;
}

function edges([x1, y1, x2, y2]) {
  return { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
}

// A line without length and with round ends is a disc; like all lines here it keeps its width on the
// screen without being told the zoom.
function drawPoint([x, y]) {
  const d = `M${x + 0.5} ${y + 0.5}h0`;
  return shape("g", { class: "point" }, shape("path", { d }), shape("path", { d }));
}

// A box that is almost the same as a larger one is dashed, so that both are seen.
function dashTwins(bySize) {
  bySize.forEach(({ object }, i) => {
    const twin = bySize.slice(0, i).some((other) => alike(other.object.box, object.box));
    marks.get(object.id).group.classList.toggle("twin", twin);
  });
}

function alike(one, box) {
  const slack = 0.03 * Math.max(box[2] - box[0], box[3] - box[1]);
  return one.every((value, i) => Math.abs(value - box[i]) <= slack);
}

function area([x1, y1, x2, y2]) {
  return (x2 - x1) * (y2 - y1);
}

function objectNode(name) {
  return marks.get(name)?.group;
}

// What the message names -------------------------------------------------------------------------

function showCited() {
  const names = namesInMessage();
  const cites = tool === "select" || tool === "box";
  for (const mark of marks.values()) {
    showTip(mark, cites ? clickSays(mark, names) : "");
    const cited = names.has(mark.region.id) || names.has(mark.object.id);
    const name = spokenName(mark, cited);
    if (mark.group.getAttribute("aria-label") === name) continue;
    mark.group.setAttribute("aria-label", name);
    for (const place of [mark.group, mark.tag]) place.classList.toggle("cited", cited);
  }
}

function showTip({ group, tag }, text) {
  if (tag.title === text) return;
  tag.title = text;
  group.firstChild.textContent = text;
}

function spokenName({ region, object }, cited) {
  return [
    region.objects.length > 1 ? object.id : region.id, region.title,
    region.origin === "user" && "drawn by you", object.corrected && "corrected", cited && "cited",
  ].filter(Boolean).join(", ");
}

document.addEventListener("input", (event) => {
  if (event.target.closest?.("#message")) showCited();
});
document.addEventListener("tool-changed", showCited);
// The message is emptied from outside, without an event, when a turn begins.
document.addEventListener("regions-drawn", showCited);
