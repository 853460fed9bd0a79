// What belongs to an answer and is no region: the truth, another model's answer. Dashed and dotted, with a
// name, for the answer that is looked at: the newest one, the film's step, or the one pointed at in the
// dialogue. Nothing of it can be clicked. It shares canvas.js's scope; labels.js gives the names their places.

const ASIDE_NAMES = { truth: "Truth", model: "Other model" };
const asideLayer = overlay.querySelector(".asides");
const asideSwitch = element.querySelector('[data-layer="asides"]');
let asideMarks = []; // the names on the picture, in the form of marks: {tag, object}
let pointedTurn = null; // the answer that is pointed at in the dialogue
let asidesDrawn = ""; // what is on the picture, as text

function drawAsides() {
  drawAsideSwitch();
  const turn = turnLookedAt();
  const shown = (scene.asides[turn] || []).filter(({ objects }) => objects.length);
  const wanted = JSON.stringify([scene.picture?.path, turn, shown, outlines.size]);
  if (wanted === asidesDrawn) return false;
  asidesDrawn = wanted;
  asideLayer.replaceChildren(...shown.map(drawAside));
  for (const { tag } of asideMarks) tag.remove();
  asideMarks = shown.map(asideMark);
  tags.append(...asideMarks.map(({ tag }) => tag));
  asideLayer.setAttribute("aria-label", asidesSpoken(turn, shown));
  asideLayer.toggleAttribute("hidden", !shown.length);
  return true;
}

function drawAside({ kind, objects }) {
  return shape("g", { class: "aside", "data-aside": kind }, ...objects.flatMap(asideShapes));
}

function asideShapes({ box, mask }) {
  const corners = edges(box);
  const shapes = [shape("rect", { class: "aside-rim box", ...corners }), shape("rect", { class: "aside-line box", ...corners })];
  const d = outlines.get(mask);
  if (d) shapes.unshift(shape("path", { class: "aside-rim mask", d }), shape("path", { class: "aside-line mask", d }));
  return shapes;
}

function asideMark({ name, kind, objects }) {
  const tag = node("div", { class: "tag aside-tag", "data-aside": kind }, node("b", {}, name));
  return { tag, object: { id: null, box: [...objects].sort((a, b) => area(b.box) - area(a.box))[0].box } };
}

// The switch is there when there is something to switch.
function drawAsideSwitch() {
  const kinds = new Set(Object.values(scene.asides).flat().map(({ kind }) => kind));
  const text = [...kinds].map((kind) => ASIDE_NAMES[kind]).join(" and ").replace("and O", "and o");
  asideSwitch.hidden = !kinds.size;
  asideSwitch.title = text;
  asideSwitch.querySelector("span").textContent = text;
}

function asidesSpoken(turn, shown) {
  const each = shown.map(({ name, objects }) => `${name}, ${objects.length === 1 ? "one object" : `${objects.length} objects`}`);
  return `Beside the regions, with answer ${turn}: ${each.join("; ")}`;
}

// Which answer is looked at. While one is being written there is nothing to see beside it yet.
function turnLookedAt() {
  return step ?? pointedTurn ?? (scene.busy ? null : scene.turns);
}

function lookAgain() {
  if (scene.picture && drawAsides()) placeTags(scaleNow());
}

// The answer that a part of the dialogue belongs to: as many as there are questions up to it.
function turnOf(place) {
  const here = place?.closest?.("#chat .message-row");
  if (!here) return null;
  const rows = [...document.querySelectorAll("#chat .message-row")];
  return rows.slice(0, rows.indexOf(here) + 1).filter((row) => row.classList.contains("user-row")).length;
}

for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, ({ target }) => {
    const turn = turnOf(target);
    if (turn === pointedTurn) return;
    pointedTurn = turn;
    lookAgain();
  });
}
document.addEventListener("film-step", lookAgain);
