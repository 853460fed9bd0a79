// Presses on the picture, of a mouse, a pen or fingers: which tool gets them, and when they move the
// picture instead. A tool answers a press with a gesture {drag, drop, tap, cancel}, all optional.
import { change, state } from "./state.js";
import { stage, view } from "./parts.js";
import { hideAim } from "./aim.js";
import { pressCorrect } from "./correct.js";
import { pressBox, pressPoint } from "./drawing.js";
import { pressBrush } from "./brush.js";
import { pressSelect } from "./chosen.js";
import { isSpaceHeld, pan } from "./pan.js";
import { pressPolygon } from "./polygon.js";
import { whenToolEnds } from "./tool.js";
import { pictureAt, zoomTo } from "./view.js";

const MIN_DRAG = 3; // screen pixels before a press becomes a drag
const MIN_FINGER_DRAG = 8; // fingers tremble
const GESTURES = {
  select: pressSelect,
  box: pressBox,
  point: pressPoint,
  correct: pressCorrect,
  polygon: pressPolygon,
  brush: pressBrush,
};
const fingers = new Map(); // pointer → [x, y] of every finger that is down
let press = null; // the press under way: {id, x, y, least, moved, gesture}
let pinch = null; // two fingers: {distance, zoom, under: what of the picture lies between them}

function gestureFor(event) {
  if (event.button === 1 || (event.button === 0 && isSpaceHeld())) return pan(event);
  if (event.button !== 0) return null;
  if (state.tool !== "select") hideAim();
  return GESTURES[state.tool](event);
}

/** End the press under way, as if it had not been; whether there was one. */
export function cancelPress() {
  const was = press;
  setPress(null);
  was?.gesture.cancel?.();
  return was !== null;
}

// While something is being drawn nothing lies over it.
function setPress(now) {
  press = now;
  stage.toggleAttribute("data-pressed", press !== null && state.tool !== "select");
  change({ pressed: press !== null });
}

view.addEventListener("pointerdown", (event) => {
  if (event.pointerType === "touch") fingers.set(event.pointerId, [event.clientX, event.clientY]);
  if (fingers.size > 1) return startPinch();
  if (press) return;
  const gesture = gestureFor(event);
  if (!gesture) return;
  const least = event.pointerType === "touch" ? MIN_FINGER_DRAG : MIN_DRAG;
  setPress({ id: event.pointerId, x: event.clientX, y: event.clientY, least, moved: false, gesture });
});

document.addEventListener("pointermove", (event) => {
  if (fingers.has(event.pointerId)) fingers.set(event.pointerId, [event.clientX, event.clientY]);
  if (pinch) return movePinch();
  if (press?.id !== event.pointerId) return;
  if (!press.moved) {
    if (Math.hypot(event.clientX - press.x, event.clientY - press.y) < press.least) return;
    press.moved = true;
    view.setPointerCapture(event.pointerId);
  }
  press.gesture.drag?.(event);
});

document.addEventListener("pointerup", (event) => {
  lift(event);
  if (press?.id !== event.pointerId) return;
  const { moved, gesture } = press;
  setPress(null);
  if (moved) swallowClick();
  if (moved) gesture.drop?.(event);
  else gesture.tap?.(event);
});

document.addEventListener("pointercancel", (event) => {
  lift(event);
  if (press?.id === event.pointerId) cancelPress();
});

function lift({ pointerId }) {
  fingers.delete(pointerId);
  if (!fingers.size) pinch = null;
}

// The click that ends a drag is no click on a region.
function swallowClick() {
  const swallow = (event) => event.isTrusted && event.stopPropagation(); // not that of a key pressed at once
  window.addEventListener("click", swallow, { capture: true });
  setTimeout(() => window.removeEventListener("click", swallow, { capture: true }));
}

// With a tool in hand a press does not move the keyboard's place; the middle button does not scroll.
view.addEventListener("mousedown", (event) => {
  if (state.tool === "select" && event.button !== 1) return;
  event.preventDefault();
  if (state.tool !== "select") stage.focus({ preventScroll: true });
});

// Two fingers: what lies between them stays between them --------------------------------------------

/** @returns {{ distance: number, middle: [number, number] }} */
function spread() {
  const [[x1, y1], [x2, y2]] = [...fingers.values()];
  return { distance: Math.hypot(x2 - x1, y2 - y1), middle: [(x1 + x2) / 2, (y1 + y2) / 2] };
}

function startPinch() {
  cancelPress();
  const { distance, middle } = spread();
  pinch = { distance, zoom: state.zoom, under: pictureAt(...middle) };
}

function movePinch() {
  if (fingers.size < 2) return;
  const { distance, middle } = spread();
  zoomTo((pinch.zoom * distance) / pinch.distance, middle, pinch.under);
}

whenToolEnds(cancelPress);
