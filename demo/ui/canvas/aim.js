// Drawing without a mouse: a crosshair on the picture that the arrow keys move while the stage has the
// focus. Enter sets a corner of a box or a point on the object, Alt+Enter a point beside it.
// With the mouse the same lines help to start a box exactly.

const QUICK = 10; // times the usual step, with Shift
const SPOKEN_AFTER_MS = 400;
const aimLines = sheet.querySelector(".aim");
let aim = null; // where the keyboard's crosshair is, in picture pixels
let corner = null; // the first corner of a box
let speaking = 0;

function aimKey(event) {
  if (document.activeElement !== stage || event.ctrlKey || event.metaKey) return false;
  if (tool !== "box" && tool !== "point" && !(tool === "correct" && held)) return false;
  if (event.key in ARROWS) moveAim(ARROWS[event.key], event.shiftKey);
  else if (event.key === "Enter" && aim) setAim(event.altKey);
  else return false;
  return true;
}

function startAim(name) {
  const [x1, y1, x2, y2] = marks.get(name).object.box;
  stage.focus({ preventScroll: true });
  putAim((x1 + x2) / 2, (y1 + y2) / 2);
}

// At least one pixel of the screen, so that no step is lost to the eye.
function moveAim([h, v], quick) {
  if (!aim) return putAim(...pictureAt(...middleOfView()));
  const step = Math.ceil(1 / scaleNow()) * (quick ? QUICK : 1);
  putAim(aim[0] + h * step, aim[1] + v * step);
}

function putAim(x, y) {
  const rim = tool === "box" ? 0 : 1; // a corner may lie on the far edge, a pixel may not
  aim = [Math.max(0, Math.min(Math.round(x), scene.width - rim)), Math.max(0, Math.min(Math.round(y), scene.height - rim))];
  if (corner) rubber = boxBetween(corner, aim);
  showLines(...aim, `${aim[0]}, ${aim[1]}`);
  drawDraft();
  bringIntoView(aim);
  clearTimeout(speaking);
  speaking = setTimeout(() => say(rubber ? `${extent.textContent.replace("×", "by")} pixels` : aim.join(", ")), SPOKEN_AFTER_MS);
}

function setAim(minus) {
  clearTimeout(speaking);
  if (tool === "point") addPoint(aim, minus ? !plus : plus);
  else if (tool === "correct") clickHeld(aim, minus ? !plus : plus);
  else setCorner();
}

function setCorner() {
  if (!corner) {
    corner = aim;
    say(`First corner at ${aim.join(", ")}. Move to the opposite corner and press Enter.`);
  } else if (corner[0] !== aim[0] && corner[1] !== aim[1]) {
    addBox(boxBetween(corner, aim));
    [corner, rubber] = [null, null];
  }
  drawDraft();
}

// Escape: the corner first; then, in Correct, from the crosshair back to the region.
function dropCorner() {
  if (corner) {
    [corner, rubber] = [null, null];
    drawDraft();
  } else if (tool === "correct" && aim) {
    hideAim();
    objectNode(held)?.focus({ preventScroll: true });
  } else return false;
  return true;
}

function hideAim() {
  clearTimeout(speaking);
  if (corner) rubber = null;
  [aim, corner] = [null, null];
  aimLines.hidden = true;
}

function showLines(x, y, words) {
  aimLines.hidden = false;
  aimLines.style.setProperty("--x", `${(100 * x) / scene.width}%`);
  aimLines.style.setProperty("--y", `${(100 * y) / scene.height}%`);
  aimLines.querySelector("span").textContent = words;
}

function bringIntoView([x, y]) {
  const [room, whole] = [view.getBoundingClientRect(), sheet.getBoundingClientRect()];
  const [left, top] = [whole.left + (x / scene.width) * whole.width, whole.top + (y / scene.height) * whole.height];
  const beyond = (at, low, high) => Math.min(0, at - low - NEAR) || Math.max(0, at - high + NEAR);
  view.scrollBy(beyond(left, room.left, room.right), beyond(top, room.top, room.bottom));
}

// The mouse's own lines, while a box can be drawn ------------------------------------------------------

function guide(event) {
  if (event.pointerType !== "mouse") return;
  const [x, y] = pictureAt(event.clientX, event.clientY).map(Math.round);
  if (x < 0 || y < 0 || x > scene.width || y > scene.height) aimLines.hidden = true;
  else showLines(x, y, "");
}

view.addEventListener("pointermove", (event) => {
  if (tool === "box" && !aim && !press) guide(event);
});
view.addEventListener("pointerleave", () => {
  if (!aim) aimLines.hidden = true;
});
stage.addEventListener("focus", () => {
  if (stage.tabIndex === 0 && !aim && stage.matches(":focus-visible")) moveAim([0, 0]);
});
