// What the canvas says: to those who listen, and for a moment on the picture.
import { element, stage } from "./parts.js";
import { node, one } from "../shared/nodes.js";

const TOLD_MS = 2600;
const spoken = one(".spoken", element);
const told = node("div", { class: "told", "aria-hidden": "true" });
let telling = 0;

stage.append(told);

/** Say something to those who listen; the same thing again, too. */
export function say(text) {
  spoken.textContent = text && spoken.textContent === text ? `${text}\u00a0` : text;
}

/** Say it, and show it to those who see. */
export function tell(text) {
  say(text);
  told.textContent = text;
  told.classList.add("on");
  clearTimeout(telling);
  telling = setTimeout(() => told.classList.remove("on"), TOLD_MS);
}
