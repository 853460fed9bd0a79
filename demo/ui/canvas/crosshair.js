// Lines over the picture through one place, with words: where the keyboard draws, or the mouse begins a box.
import { pictureSize, state } from "./state.js";
import { sheet, view } from "./parts.js";
import { pictureAt } from "./view.js";
import { one } from "../shared/nodes.js";

const lines = one(".aim", sheet);

export function showLines(x, y, words) {
  const [width, height] = pictureSize();
  lines.hidden = false;
  lines.style.setProperty("--x", `${(100 * x) / width}%`);
  lines.style.setProperty("--y", `${(100 * y) / height}%`);
  one("span", lines).textContent = words;
}

export function hideLines() {
  lines.hidden = true;
}

/** Show the lines at the mouse, while a box can be drawn. */
export function guide(event) {
  if (event.pointerType !== "mouse") return;
  const [width, height] = pictureSize();
  const [x, y] = pictureAt(event.clientX, event.clientY).map(Math.round);
  if (x < 0 || y < 0 || x > width || y > height) hideLines();
  else showLines(x, y, "");
}

view.addEventListener("pointermove", (event) => {
  if (state.tool === "box" && !state.aim && !state.pressed) guide(event);
});
view.addEventListener("pointerleave", () => {
  if (!state.aim) hideLines();
});
