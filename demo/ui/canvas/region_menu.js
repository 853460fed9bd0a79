// What can be done with a region, for the menu of its card and of its place on the picture.
// Changes go through act() to the server; copying and cutting out happen here in the browser.

const REGION_ICONS = {
  cite: "M4 10h9M9.5 6 13.5 10l-4 4M16.5 4v12", rename: "M10.5 6.5H3v7h7.5M14 4v12M12 4h4M12 16h4M6 8.8v2.4",
  correct: "M4 16l.7-3.3L13 4.4a1.4 1.4 0 0 1 2 0l.6.6a1.4 1.4 0 0 1 0 2L7.3 15.3 4 16Z", only: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM10 2v2M10 16v2M2 10h2M16 10h2",
  hide: "M3 10s2.5-4.5 7-4.5S17 10 17 10s-2.5 4.5-7 4.5S3 10 3 10ZM4 16 16 4", show: "M3 10s2.5-4.5 7-4.5S17 10 17 10s-2.5 4.5-7 4.5S3 10 3 10ZM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z",
  copy: "M7.5 7.5V4.5h8v8h-3M4.5 7.5h8v8h-8Z", cut: "M10 3.5v8.5M6.5 8.7 10 12.2l3.5-3.5M4 16.5h12", delete: "M4.5 6h11M8 6V4h4v2M6 6l.7 10.5h6.6L14 6",
};

function regionActs(region) {
  const { id, hidden } = region;
  const one = region.objects.length === 1;
  return [
    { text: "Cite", key: "Enter", icon: REGION_ICONS.cite, run: () => insert(id) },
    { text: "Rename", key: "F2", icon: REGION_ICONS.rename, run: () => startNaming(id) },
    ...(hidden ? [] : [
      { text: "Correct", icon: REGION_ICONS.correct, run: () => correctRegion(region) },
      only === id ? { text: "Show all", key: "F", icon: REGION_ICONS.only, run: () => showOnly(null) }
        : { text: "Only this region", key: "F", icon: REGION_ICONS.only, run: () => showOnly(id) },
    ]),
    { text: hidden ? "Show" : "Hide", key: "H", icon: hidden ? REGION_ICONS.show : REGION_ICONS.hide, run: () => hide(region) },
    { text: one ? "Copy box" : "Copy boxes", icon: REGION_ICONS.copy, run: () => copyBoxes(region) },
    { text: "Download cut-out", icon: REGION_ICONS.cut, run: () => downloadCutOut(region) },
    { text: "Delete", key: "Delete", icon: REGION_ICONS.delete, apart: true, run: () => deleteRegion(id) },
  ];
}

function deleteRegion(id) {
  act({ kind: "delete", region: id }, null, () => regionOf(id) || tell(`${id} was deleted. Undo brings it back.`));
}

function hide({ id, hidden }) {
  act({ kind: "hide", region: id, hidden: !hidden });
}

async function copyBoxes({ id, objects }) {
  const lines = objects.map(({ box }) => `[${box.join(", ")}]`);
  const copied = await copyText(lines.join("\n"));
  if (!copied) tell("The browser did not allow copying.");
  else tell(lines.length === 1 ? `Copied ${lines[0]}, the box of ${id}.` : `Copied the ${lines.length} boxes of ${id}.`);
}

// The cut-out: the region's pixels at the picture's full size, all else transparent -----------------

async function downloadCutOut(region) {
  const blob = await cutOut(region);
  if (!blob) return tell("The browser could not make the cut-out: it is too large.");
  const link = node("a", { href: URL.createObjectURL(blob), download: `${fileStem(scene.name)}-${region.id}.png` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  tell(`The cut-out of ${region.id} is in your downloads.`);
}

async function cutOut(region) {
  await image.decode();
  const parts = region.objects.map((object) => ({ box: object.box, outline: outlinePath(object) }));
  const [left, top, right, bottom] = around(parts.map((part) => (part.outline ? maskExtent(part.outline) : part.box)));
  const paper = node("canvas", { width: right - left, height: bottom - top });
  const ink = paper.getContext("2d");
  ink.translate(-left, -top);
  for (const part of parts) fillPart(ink, part);
  ink.globalCompositeOperation = "source-in";
  ink.drawImage(image, 0, 0, scene.width, scene.height);
  return new Promise((done) => paper.toBlob(done, "image/png"));
}

// An outline runs through the middles of the mask's outermost pixels (a point is a pixel's number), so
// half a pixel more on each side makes the mask whole again.
function fillPart(ink, { box: [x1, y1, x2, y2], outline: d }) {
  if (!d) return ink.fillRect(x1, y1, x2 - x1, y2 - y1);
  const path = new Path2D();
  path.addPath(new Path2D(d), new DOMMatrix([1, 0, 0, 1, 0.5, 0.5]));
  ink.lineWidth = 1.001; // lines of one pixel or less are drawn as hairlines, without corners
  ink.fill(path, "evenodd");
  ink.stroke(path);
}

function maskExtent(d) {
  const path = shape("path", { d });
  overlay.append(path);
  const { x, y, width, height } = path.getBBox();
  path.remove();
  return [x, y, Math.min(scene.width, x + width + 1), Math.min(scene.height, y + height + 1)];
}

function fileStem(name) {
  return (name || "picture").replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 60) || "picture";
}

// Where the menu is opened: a card's ⋯, or the other mouse button on a card or on the picture --------

function onCardClick(event) {
  if (event.target.closest(".card-field")) return event.stopPropagation();
  const button = event.target.closest("#regions [data-menu], #regions [data-show]");
  if (!button) return;
  event.stopPropagation();
  const region = regionOf(button.dataset.menu || button.dataset.show);
  if (button.dataset.show) hide(region);
  else if (pressedOpen !== button) openMenu(button, `${region.id} ${region.title}`, regionActs(region));
  pressedOpen = null;
}

// On the picture it opens where the pointer is; a long press of a finger does the same.
function onRegionMenu(event) {
  const place = event.target.closest("#regions .card, #canvas [data-region], #canvas [data-of]");
  if (!place || event.target.closest("input") || (tool !== "select" && !place.matches(".card"))) return;
  event.preventDefault();
  const region = regionOf(place.dataset.region || place.dataset.of);
  const [x, y] = [event.clientX, event.clientY];
  const button = cardOf.get(region.id).querySelector(".card-more");
  openMenu(button, `${region.id} ${region.title}`, regionActs(region), { left: x, right: x, top: y, bottom: y });
}

window.addEventListener("click", onCardClick, true); // before the whole card's click, which cites
element.addEventListener("contextmenu", onRegionMenu);
cards.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" || !event.target.matches("[data-menu]")) return;
  event.preventDefault();
  event.stopPropagation();
  event.target.click();
}, true);
