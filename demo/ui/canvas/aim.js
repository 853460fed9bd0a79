// Drawing without a mouse: a crosshair on the picture that the arrow keys move while the stage has the
// focus. Enter sets a corner of a box or a point on the object, Alt+Enter a point beside it.
import { change, pictureSize, state } from "./state.js";
import { sheet, stage, view } from "./parts.js";
import { dab } from "./brush.js";
import { clickHeld, nudge } from "./correct.js";
import { hideLines, mousePlace, showLines } from "./crosshair.js";
import { heldBox, spokenExtent } from "./draft.js";
import { addBox, addPoint, signOf } from "./drawing.js";
import { boxBetween, clamp } from "./geometry.js";
import { ARROWS } from "./key_tables.js";
import { objectNode } from "./marks.js";
import { addCorner } from "./polygon.js";
import { isDrawing, whenToolEnds } from "./tool.js";
import { middleOfView, pictureAt } from "./view.js";
import { say } from "./voice.js";

const QUICK = 10; // times the usual step, with Shift
const FAR = 0.1; // of what is seen of the picture, with Ctrl
const NEAR = 40; // screen pixels to the rim of the view at which it scrolls
const SPOKEN_AFTER_MS = 400;
let speaking = 0;

/** A key while the crosshair may be used; whether it was for it. */
export function aimKey(event) {
  if (document.activeElement !== stage) return false;
  if (!isDrawing() && !(state.tool === "correct" && state.held)) return false;
  const far = event.ctrlKey || event.metaKey;
  if (event.key in ARROWS) moveAim(ARROWS[event.key], far ? farStep() : event.shiftKey ? QUICK : 1);
  else if (event.key !== "Enter" || far || !(state.aim || state.tool === "box")) return false;
  else setAim(event);
  return true;
}

/** Show the crosshair, where the mouse is or in the middle of what is seen. */
export function showAim() {
  putAim(...(mousePlace() || pictureAt(...middleOfView())));
}

/** A key on the object in hand: the arrows move it, Enter goes on to its outline; whether it was for it. */
export function heldKey(event) {
  const { tool, held } = state;
  if (tool !== "correct" || !held || event.altKey || document.activeElement !== objectNode(held)) return false;
  if (event.key === "Enter") startAim();
  else if (event.key in ARROWS) nudge(ARROWS[event.key], event.shiftKey, event.ctrlKey || event.metaKey);
  else return false;
  return true;
}

function startAim() {
  const [x1, y1, x2, y2] = heldBox();
  stage.focus({ preventScroll: true });
  putAim((x1 + x2) / 2, (y1 + y2) / 2);
}

function moveAim([h, v], step) {
  if (state.aim) putAim(state.aim[0] + h * step, state.aim[1] + v * step);
  else showAim();
}

function farStep() {
  const { width, height } = view.getBoundingClientRect();
  const [[x1, y1], [x2, y2]] = [pictureAt(0, 0), pictureAt(width, height)];
  return Math.max(QUICK, Math.round(FAR * Math.min(x2 - x1, y2 - y1)));
}

function putAim(x, y) {
  const rim = state.tool === "box" ? 0 : 1; // a corner may lie on the far edge, a pixel may not
  const [width, height] = pictureSize();
  /** @type {import("./scene.d.ts").Point} */
  const aim = [clamp(Math.round(x), 0, width - rim), clamp(Math.round(y), 0, height - rim)];
  change({ aim });
  if (state.corner) change({ rubber: boxBetween(state.corner, aim, pictureSize()) });
  showLines(...aim, `${aim[0]}, ${aim[1]}`);
  bringIntoView(aim);
  clearTimeout(speaking);
  speaking = setTimeout(() => say(state.rubber ? spokenExtent() : aim.join(", ")), SPOKEN_AFTER_MS);
}

function setAim(event) {
  if (!state.aim) showAim();
  clearTimeout(speaking);
  if (state.tool === "point") addPoint(state.aim, signOf(event));
  else if (state.tool === "polygon") addCorner(state.aim);
  else if (state.tool === "brush") dab(/** @type {import("./scene.d.ts").Point} */ (state.aim), signOf(event));
  else if (state.tool === "correct") clickHeld(state.aim, signOf(event));
  else setCorner();
}

function setCorner() {
  const { aim, corner } = state;
  if (!aim) return;
  if (!corner) {
    change({ corner: aim });
    say(`First corner at ${aim.join(", ")}. Move to the opposite corner and press Enter.`);
  } else if (corner[0] !== aim[0] && corner[1] !== aim[1]) {
    change({ corner: null, rubber: null });
    addBox(boxBetween(corner, aim, pictureSize()), "keys");
  }
}

/** One step back: the corner first; then, in Correct, from the crosshair to the region. Whether there was one. */
export function dropAim() {
  if (state.corner) change({ corner: null, rubber: null });
  else if (state.tool === "correct" && state.aim) {
    hideAim();
    objectNode(state.held)?.focus({ preventScroll: true });
  } else return false;
  return true;
}

export function hideAim() {
  clearTimeout(speaking);
  change({ aim: null, corner: null, ...(state.corner ? { rubber: null } : {}) });
  hideLines();
}

function bringIntoView([x, y]) {
  const [[width, height], room, whole] = [pictureSize(), view.getBoundingClientRect(), sheet.getBoundingClientRect()];
  const [left, top] = [whole.left + (x / width) * whole.width, whole.top + (y / height) * whole.height];
  const beyond = (at, low, high) => Math.min(0, at - low - NEAR) || Math.max(0, at - high + NEAR);
  view.scrollBy(beyond(left, room.left, room.right), beyond(top, room.top, room.bottom));
}

stage.addEventListener("focus", () => {
  if (stage.tabIndex === 0 && !state.aim && stage.matches(":focus-visible")) showAim();
});
whenToolEnds(hideAim);
