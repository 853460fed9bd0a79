// What the canvas says: to those who listen, and for a moment on the picture.
import { element, stage } from "./parts.js";
import { node, one } from "../shared/nodes.js";

const SHOWN_MS = 2600;
const READING_MS = 70; // for each letter of a long sentence
const spoken = one(".spoken", element);
const words = node("div", { class: "told", "aria-hidden": "true" });
let hiding = 0;

stage.append(words);

/** Say something to those who listen; the same thing again, too. */
export function say(text) {
  spoken.textContent = text && spoken.textContent === text ? `${text}\u00a0` : text;
}

/** Say it, and show it to those who see. */
export function tell(text) {
  say(text);
  words.textContent = text;
  words.classList.add("on");
  clearTimeout(hiding);
  hiding = setTimeout(() => words.classList.remove("on"), Math.max(SHOWN_MS, text.length * READING_MS));
}
