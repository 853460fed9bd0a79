// Presses on the picture, of a mouse, a pen or fingers: which tool gets them, and when they move the
// picture instead. A tool answers a press with a gesture {drag, drop, tap, cancel}, all optional.

const DRAG = 3; // screen pixels before a press becomes a drag
const FINGER_DRAG = 8; // fingers tremble
const GESTURES = { select: pan, box: pressBox, point: pressPoint, correct: pressCorrect };
const fingers = new Map(); // pointer → [x, y] of every finger that is down
let press = null; // the press under way: {id, x, y, moved, gesture}
let pinch = null; // two fingers: {distance, zoom, under: what of the picture lies between them}
let spaceHeld = false;
let spaceUsed = false; // whether the picture was moved while Space was down

function pan(event) {
  const [left, top] = [view.scrollLeft, view.scrollTop];
  return {
    drag: (now) => {
      spaceUsed ||= spaceHeld;
      view.scrollTo(left + event.clientX - now.clientX, top + event.clientY - now.clientY);
    },
  };
}

function gestureFor(event) {
  if (event.button === 1 || (event.button === 0 && spaceHeld)) return pan(event);
  return event.button === 0 ? GESTURES[tool](event) : null;
}

function cancelPress() {
  const was = press;
  press = null;
  showPress();
  was?.gesture.cancel?.();
  return was !== null;
}

view.addEventListener("pointerdown", (event) => {
  if (event.pointerType === "touch") fingers.set(event.pointerId, [event.clientX, event.clientY]);
  if (fingers.size > 1) return startPinch();
  if (press) return;
  const gesture = gestureFor(event);
  if (!gesture) return;
  const least = event.pointerType === "touch" ? FINGER_DRAG : DRAG;
  press = { id: event.pointerId, x: event.clientX, y: event.clientY, least, moved: false, gesture };
  showPress();
});

// While something is being drawn nothing lies over it.
function showPress() {
  stage.toggleAttribute("data-pressed", press !== null && tool !== "select");
}

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
  fingers.delete(event.pointerId);
  if (!fingers.size) pinch = null;
  if (press?.id !== event.pointerId) return;
  const { moved, gesture } = press;
  press = null;
  showPress();
  if (moved) swallowClick();
  if (moved) gesture.drop?.(event);
  else gesture.tap?.(event);
});

document.addEventListener("pointercancel", (event) => {
  fingers.delete(event.pointerId);
  if (!fingers.size) pinch = null;
  if (press?.id === event.pointerId) cancelPress();
});

// The click that ends a drag is no click on a region.
function swallowClick() {
  const swallow = (event) => event.stopPropagation();
  window.addEventListener("click", swallow, { capture: true });
  setTimeout(() => window.removeEventListener("click", swallow, { capture: true }));
}

// Two fingers: what lies between them stays between them --------------------------------------------

function spread() {
  const [[x1, y1], [x2, y2]] = [...fingers.values()];
  return { distance: Math.hypot(x2 - x1, y2 - y1), middle: [(x1 + x2) / 2, (y1 + y2) / 2] };
}

function startPinch() {
  cancelPress();
  const { distance, middle } = spread();
  pinch = { distance, zoom, under: pictureAt(...middle) };
}

function movePinch() {
  if (fingers.size < 2) return;
  const { distance, middle } = spread();
  zoomTo((pinch.zoom * distance) / pinch.distance, middle, pinch.under);
}

// With a tool in hand a press does not move the keyboard's place; the middle button does not scroll.
view.addEventListener("mousedown", (event) => {
  if (tool === "select" && event.button !== 1) return;
  event.preventDefault();
  if (tool !== "select") stage.focus({ preventScroll: true });
});

// Space held down is a hand that moves the picture with any tool -------------------------------------

function holdSpace(held) {
  if (held && !spaceHeld) spaceUsed = false;
  spaceHeld = held;
  stage.toggleAttribute("data-hand", held);
}

document.addEventListener("keydown", (event) => {
  const here = event.target === document.body || (stage.contains(event.target) && !event.target.closest("button"));
  if (event.key !== " " || !here || !scene.picture) return;
  event.preventDefault(); // the page does not scroll
  holdSpace(true);
});
document.addEventListener("keyup", (event) => {
  if (event.key === " ") holdSpace(false);
});
window.addEventListener("blur", () => holdSpace(false));
