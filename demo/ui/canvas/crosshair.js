// Lines over the picture through one place, with words: where the keyboard draws, or the mouse begins a box.
import { change, pictureSize, state } from "./state.js";
import { sheet, view } from "./parts.js";
import { pictureAt } from "./view.js";
import { one } from "../shared/nodes.js";

const RIM = 0.15; // of the picture; in there words stand on the other side of the lines
const lines = one(".aim", sheet);
/** @type {[number, number] | null} */
let mouse = null; // where in the window the mouse is, while it is over the picture

/** The place of the picture under the mouse, or null. @returns {import("./scene.d.ts").Point | null} */
export function mousePlace() {
  return mouse && onPicture(...mouse);
}

export function showLines(x, y, words) {
  const [width, height] = pictureSize();
  lines.hidden = false;
  lines.style.setProperty("--x", `${(100 * x) / width}%`);
  lines.style.setProperty("--y", `${(100 * y) / height}%`);
  lines.classList.toggle("near-right", x > (1 - RIM) * width);
  lines.classList.toggle("near-bottom", y > (1 - RIM) * height);
  one("span", lines).textContent = words;
}

export function hideLines() {
  lines.hidden = true;
}

/** Show the lines at the mouse, while a box can be drawn. */
export function guide(event) {
  if (event.pointerType !== "mouse") return;
  const place = onPicture(event.clientX, event.clientY);
  if (place) showLines(...place, "");
  else hideLines();
}

/** @returns {import("./scene.d.ts").Point | null} */
function onPicture(x, y) {
  const [width, height] = pictureSize();
  const [across, down] = pictureAt(x, y).map(Math.round);
  return across < 0 || down < 0 || across > width || down > height ? null : [across, down];
}

view.addEventListener("pointermove", (event) => {
  if (event.pointerType !== "mouse") return;
  mouse = [event.clientX, event.clientY];
  if (state.tool !== "box" || state.pressed || state.corner) return;
  change({ aim: null }); // the mouse takes over
  guide(event);
});
view.addEventListener("pointerleave", () => {
  mouse = null;
  if (!state.aim) hideLines();
});
