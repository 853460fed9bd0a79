// What the canvas says: to those who listen, and for a moment on the picture.
import { onChange, state } from "./state.js";
import { element, stage } from "./parts.js";
import { node, one } from "../shared/nodes.js";

const SHOWN_MS = 2600;
const READING_MS = 70; // for each letter of a long sentence
const spoken = one(".spoken", element);
const alarms = one(".alarms", element);
const words = node("div", { class: "told", "aria-hidden": "true" });
let hiding = 0;
let step = ""; // what is done about another model, without its figures

stage.append(words);

/** Say something to those who listen; the same thing again, too. */
export function say(text) {
  write(spoken, text);
}

/** Say at once that something failed. */
export function alarm(text) {
  write(alarms, text);
}

function write(place, text) {
  place.textContent = text && place.textContent === text ? `${text}\u00a0` : text;
}

/** Say it, and show it to those who see. */
export function tell(text) {
  say(text);
  words.textContent = text;
  words.classList.add("on");
  clearTimeout(hiding);
  hiding = setTimeout(() => words.classList.remove("on"), Math.max(SHOWN_MS, text.length * READING_MS));
}

// Of a model that is fetched and loaded, each step when it begins, and at the end which one runs.
onChange(["doing"], () => {
  const [now] = state.doing.split(" ");
  if (now !== step) say(state.doing || state.model);
  step = now;
});
