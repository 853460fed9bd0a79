// Correcting a region: taking hold of it, dragging its box or a handle, or clicking what its outline
// should and should not cover. The box goes to the server on release, or when the arrow keys rest.
import { change, onChange, pictureSize, state } from "./state.js";
import { view } from "./parts.js";
import { act } from "./acts.js";
import { heldBox } from "./draft.js";
import { refine, signOf } from "./drawing.js";
import { cursorOf, gripNear, resized, shifted, within } from "./geometry.js";
import { marks, objectNode } from "./marks.js";
import { pan } from "./pan.js";
import { setTool, whenToolEnds } from "./tool.js";
import { pictureAt, pixelAt, scaleNow } from "./view.js";
import { say } from "./voice.js";
import { closest } from "../shared/nodes.js";

const REACH_MOUSE = 10; // screen pixels from a handle at which it is taken
const REACH_TOUCH = 22;
const NEAR = 40; // screen pixels round a held box where a click still means its outline
const RESTED_MS = 500;
const BIG_STEP = 10;
let resting = 0; // the timer that runs while arrow keys are pressed

export function takeHold(name) {
  if (state.held === name || !marks.has(name)) return;
  letGo();
  change({ held: name });
  objectNode(name)?.focus({ preventScroll: true });
  say(`${name} in hand. Arrow keys move it, with Shift they resize it. Enter marks points, Escape lets go.`);
}

export function letGo() {
  commit();
  objectNode(state.held)?.classList.remove("held");
  change({ held: null, moved: null });
}

/** Take the tool and the first object of a region. */
export function correctRegion({ objects }) {
  setTool("correct");
  takeHold(objects[0].id);
}

/** The same with its first object whose outline is uncertain: clicks refine it. */
export function refineOutline({ objects }) {
  setTool("correct");
  takeHold(objects.find(({ doubt }) => doubt)?.id);
  say("Click what belongs to it; with Alt, or −, what does not. Done ends it.");
}

// Pointer --------------------------------------------------------------------------------------------

/** A press with Correct in hand. */
export function pressCorrect(event) {
  const under = closest(event, "[data-object]")?.dataset.object;
  const at = pictureAt(event.clientX, event.clientY);
  const tap = (now) => tapCorrect(now, at, under);
  const { held: name } = state;
  const grip = name && gripAt(event);
  if (!grip && !(name && within(heldBox(), at))) return { ...pan(event), tap };
  commit();
  const [start, size] = [heldBox(), pictureSize()];
  return {
    tap,
    drag: (now) => {
      if (state.held !== name) return; // it was deleted meanwhile
      const [x, y] = pictureAt(now.clientX, now.clientY);
      const [dx, dy] = [x - at[0], y - at[1]];
      change({ moved: grip ? resized(start, grip.way, dx, dy, size) : shifted(start, dx, dy, size) });
    },
    drop: commit,
    cancel: () => change({ moved: null }),
  };
}

function gripAt(event) {
  const reach = event.pointerType === "touch" ? REACH_TOUCH : REACH_MOUSE;
  return gripNear(heldBox(), pictureAt(event.clientX, event.clientY), scaleNow(), reach);
}

function tapCorrect(event, at, under) {
  const { held } = state;
  const inside = held && within(heldBox(), at);
  const near = held && within(heldBox(), at, NEAR / scaleNow());
  if (inside || (near && (!under || under === held))) clickHeld(pixelAt(event), signOf(event));
  else if (under) takeHold(under);
  else letGo();
}

/** Add a click to the outline of the object in hand. */
export function clickHeld(at, positive) {
  const object = state.held;
  if (at) refine(() => object, at, positive);
}

// Sends the moved box; it stays drawn until the answer is there.
function commit() {
  clearTimeout(resting);
  const { held: object, moved: box } = state;
  if (!object || !box || state.acts.some(({ sketch }) => sketch?.box === box)) return;
  const isThere = () => String(marks.get(object)?.object.box) === String(box);
  if (isThere()) return change({ moved: null });
  act({ kind: "correct", object, box }, { box, tone: marks.get(object)?.region.tone }, () => {
    if (state.moved === box) change({ moved: null });
    if (isThere()) say(`${object} was corrected.`);
  });
}

// The pointer's shape says what a drag would do.
view.addEventListener("pointermove", (event) => {
  const { tool, pressed, held } = state;
  if (tool !== "correct" || pressed) return;
  const grip = held && gripAt(event);
  const inside = held && within(heldBox(), pictureAt(event.clientX, event.clientY));
  view.style.cursor = grip ? cursorOf(grip.way) : inside ? "move" : "";
});

// Keys -----------------------------------------------------------------------------------------------

/** Move the object in hand by a pixel of the picture, or resize it; `big`: by ten, or ten of the screen. */
export function nudge([h, v], resize, big) {
  const step = big ? Math.round(BIG_STEP * Math.max(1, 1 / scaleNow())) : 1;
  const [box, dx, dy, size] = [heldBox(), h * step, v * step, pictureSize()];
  change({ moved: resize ? resized(box, [1, 1], dx, dy, size) : shifted(box, dx, dy, size) });
  clearTimeout(resting);
  resting = setTimeout(commit, RESTED_MS);
}

document.addEventListener("focusin", (event) => {
  const name = closest(event, "#canvas [data-object]")?.dataset.object;
  if (state.tool === "correct" && name) takeHold(name);
});
onChange(["tool"], () => {
  view.style.cursor = "";
});
onChange(["drawn"], () => {
  if (!state.held || marks.has(state.held)) return;
  clearTimeout(resting); // it is gone
  change({ held: null, moved: null });
});
whenToolEnds(letGo);
