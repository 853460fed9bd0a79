// Correcting a region: taking hold of it, dragging its box or a handle, or clicking what its outline
// should and should not cover. The box goes to the server on release, or when the arrow keys rest.

const REACH_MOUSE = 10; // screen pixels from a handle at which it is taken
const REACH_TOUCH = 22;
const NEAR = 40; // screen pixels round a held box where a click still means its outline
const ROOMY = 44; // a side shorter than this on the screen has no handle in its middle
const RESTED_MS = 500;
const BIG_STEP = 10;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const GRIPS = [[-1, -1], [1, -1], [1, 1], [-1, 1], [0, -1], [1, 0], [0, 1], [-1, 0]];
const CURSORS = ["nwse-resize", "ns-resize", "nesw-resize", "ew-resize"];
let held = null; // the name of the object in hand
let moved = null; // its box as dragged, until the server's has come
let resting = 0; // the timer that runs while arrow keys are pressed

function takeHold(name) {
  if (held === name || !marks.has(name)) return;
  letGo();
  held = name;
  objectNode(name).focus({ preventScroll: true });
  say(`${name} in hand. Arrow keys move it, with Shift they resize it. Enter marks points, Escape lets go.`);
  showPill();
  drawDraft();
}

function letGo() {
  commit();
  if (held) objectNode(held)?.classList.remove("held");
  [held, moved] = [null, null];
  showPill();
  drawDraft();
}

function heldBox() {
  return moved || marks.get(held).object.box;
}

// The held object's box with its handles; the object itself fades while its box is elsewhere.
function drawHeld() {
  if (held && !marks.has(held)) {
    clearTimeout(resting);
    [held, moved] = [null, null];
    showPill();
  }
  if (!held) return [];
  const { group, region } = marks.get(held);
  group.classList.toggle("held", Boolean(moved));
  return [
    ...(moved ? [drawSketch({ box: moved, tone: region.tone })] : []),
    ...gripsOf(heldBox()).map(({ at }) => drawGrip(at, region.tone)),
  ];
}

function drawGrip(at, tone) {
  return shape("rect", { class: "grip", x: -5, y: -5, width: 10, height: 10, rx: 2, style: cornered(at), "data-tone": tone });
}

// The corner between pixels, unlike the middle of one (`placed`).
function cornered([x, y]) {
  return `transform: translate(${x}px, ${y}px) scale(var(--unit))`;
}

function gripsOf([x1, y1, x2, y2]) {
  const [wide, high] = [(x2 - x1) * scaleNow() >= ROOMY, (y2 - y1) * scaleNow() >= ROOMY];
  return GRIPS.filter(([h, v]) => (h || wide) && (v || high))
    .map(([h, v]) => ({ way: [h, v], at: [h ? (h < 0 ? x1 : x2) : (x1 + x2) / 2, v ? (v < 0 ? y1 : y2) : (y1 + y2) / 2] }));
}

// The handle at a place of the window. In a small box the middle stays free, to move it.
function gripAt(event) {
  const [x, y] = pictureAt(event.clientX, event.clientY);
  const scale = scaleNow();
  const box = heldBox();
  const reach = event.pointerType === "touch" ? REACH_TOUCH : REACH_MOUSE;
  const side = Math.min(box[2] - box[0], box[3] - box[1]) * scale;
  const limit = within(box, [x, y]) ? Math.min(reach, side / 3) : reach;
  const near = gripsOf(box).map((grip) => ({ ...grip, far: Math.hypot(grip.at[0] - x, grip.at[1] - y) * scale }))
    .sort((a, b) => a.far - b.far)[0];
  return near.far <= limit ? near : null;
}

function within([x1, y1, x2, y2], [x, y], rim = 0) {
  return x >= x1 - rim && x < x2 + rim && y >= y1 - rim && y < y2 + rim;
}

// Pointer --------------------------------------------------------------------------------------------

function pressCorrect(event) {
  hideAim();
  const under = event.target.closest?.("[data-object]")?.dataset.object;
  const at = pictureAt(event.clientX, event.clientY);
  const tap = (now) => tapCorrect(now, at, under);
  const grip = held && gripAt(event);
  if (!grip && !(held && within(heldBox(), at))) return { ...pan(event), tap };
  commit();
  const [start, name] = [heldBox(), held];
  const change = grip ? (dx, dy) => resized(start, grip.way, dx, dy) : (dx, dy) => shifted(start, dx, dy);
  return {
    tap,
    drag: (now) => {
      if (held !== name) return; // it was deleted meanwhile
      const [x, y] = pictureAt(now.clientX, now.clientY);
      moved = change(x - at[0], y - at[1]);
      drawDraft();
    },
    drop: commit,
    cancel: () => {
      moved = null;
      drawDraft();
    },
  };
}

function tapCorrect(event, at, under) {
  const inside = held && within(heldBox(), at);
  const near = held && within(heldBox(), at, NEAR / scaleNow());
  if (inside || (near && (!under || under === held))) clickHeld(pixelAt(event), signOf(event));
  else if (under) takeHold(under);
  else letGo();
}

function clickHeld(at, positive) {
  const object = held;
  if (at) refine(() => object, at, positive);
}

function shifted([x1, y1, x2, y2], dx, dy) {
  const x = Math.max(-x1, Math.min(Math.round(dx), scene.width - x2));
  const y = Math.max(-y1, Math.min(Math.round(dy), scene.height - y2));
  return [x1 + x, y1 + y, x2 + x, y2 + y];
}

// Dragged beyond its other side a box turns over.
function resized([x1, y1, x2, y2], [h, v], dx, dy) {
  const xs = h < 0 ? [x1 + dx, x2] : h > 0 ? [x1, x2 + dx] : [x1, x2];
  const ys = v < 0 ? [y1 + dy, y2] : v > 0 ? [y1, y2 + dy] : [y1, y2];
  return boxBetween([xs[0], ys[0]], [xs[1], ys[1]]);
}

// Sends the moved box; it stays drawn until the answer is there.
function commit() {
  clearTimeout(resting);
  const [object, box] = [held, moved];
  if (!box || acts.some(({ sketch }) => sketch?.box === box)) return;
  if (String(box) === String(marks.get(object)?.object.box)) {
    moved = null;
    return drawDraft();
  }
  act({ kind: "correct", object, box }, { box, tone: marks.get(object)?.region.tone }, () => {
    if (moved === box) moved = null;
    if (String(marks.get(object)?.object.box) === String(box)) say(`${object} was corrected.`);
  });
}

// The pointer's shape says what a drag would do.
view.addEventListener("pointermove", (event) => {
  if (tool !== "correct" || press) return;
  const grip = held && gripAt(event);
  const inside = held && within(heldBox(), pictureAt(event.clientX, event.clientY));
  view.style.cursor = grip ? cursorOf(grip.way) : inside ? "move" : "";
});
document.addEventListener("tool-changed", () => {
  view.style.cursor = "";
});

function cursorOf([h, v]) {
  if (!h || !v) return h ? CURSORS[3] : CURSORS[1];
  return h === v ? CURSORS[0] : CURSORS[2];
}

// Keys -----------------------------------------------------------------------------------------------

function correctKey(event) {
  if (tool !== "correct" || !held || event.altKey || document.activeElement !== objectNode(held)) return false;
  if (event.key === "Enter") startAim(held);
  else if (!(event.key in ARROWS)) return false;
  else nudge(...ARROWS[event.key], event.shiftKey, event.ctrlKey || event.metaKey);
  return true;
}

// One pixel of the picture at a time, with Ctrl ten, or ten of the screen where these are more.
function nudge(h, v, resize, big) {
  const step = big ? Math.round(BIG_STEP * Math.max(1, 1 / scaleNow())) : 1;
  moved = resize ? resized(heldBox(), [1, 1], h * step, v * step) : shifted(heldBox(), h * step, v * step);
  clearTimeout(resting);
  resting = setTimeout(commit, RESTED_MS);
  drawDraft();
}

document.addEventListener("focusin", (event) => {
  const name = event.target.closest?.("#canvas [data-object]")?.dataset.object;
  if (tool === "correct" && name) takeHold(name);
});

// A region's menu: the tool is taken, and its first object with it.
function correctRegion({ objects }) {
  setTool("correct");
  takeHold(objects[0].id);
}
