// Takes the first view away once all that it shows is there, and does what was done with it.
import { directionOf } from "./direction.js";
import { send } from "./components.js";
import { one, whenThere } from "./nodes.js";

const first = one("first-view");

if (first) whenThere(first.dataset.until, () => whenThere("#message textarea", giveWay));

/** @param {HTMLTextAreaElement} message */
function giveWay(message) {
  const { example, question, place } = first.done ?? {}; // older browsers know no such view
  first.remove();
  if (question && !message.value) {
    Object.assign(message, { value: question, dir: directionOf(question) });
    message.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (place) whenThere(place, (there) => there.focus({ preventScroll: true }));
  if (example) send("gallery/examples", "choose", example);
}
