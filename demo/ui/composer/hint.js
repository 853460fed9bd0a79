// The line above the message: what to do, what could not be done, which question is being changed.
import { exists, onChange, state } from "../canvas/state.js";
import { element, line, props, trigger, watch } from "./parts.js";
import { showCited } from "./chips.js";
import { isOfferOpen, showOffer } from "./offer.js";
import "./coach.js";
import { send } from "../shared/components.js";
import { goToEnd, message, noteReads, replaceTyped, typed } from "../shared/message.js";
import { mentions } from "../shared/names.js";
import { closest, FINGERS, forHands, one } from "../shared/nodes.js";

const SETTLED_MS = 90; // without a key before the server reads the message
const TOOL_WORDS = { // what the line says at rest while a tool is in hand
  box: "Drag a box. Click a region to cite it.",
  point: "Click something to outline it.",
  correct: "Click a region to correct it. Done or Esc leaves the tool.",
};
const cancel = one(".keep", element);
let changing = null; // the number of the question that is being changed
let reading = 0; // the timer
let earlier = null; // what was said when the tool was taken: the tool's words take its place
let putInOneGo = false; // the newest text came by a click, not by keys

function write() {
  const { level = "hint" } = props.value || {};
  const began = props.value?.changing ?? null;
  line.textContent = forHands(lineNow(props.value || {}, began));
  line.dataset.level = began ? "changing" : level;
  line.setAttribute("role", level === "error" ? "alert" : "status");
  cancel.hidden = !began;
  if (began && began !== changing) requestAnimationFrame(goToEnd);
  changing = began;
  noteReads(props.value?.reads || []);
  showCited();
}

function lineNow({ text = "", level = "hint", rest = "", doubt = "" }, began = changing) {
  if (doubt) return began ? `${text} ${doubt}` : doubt;
  const atRest = rest || (level === "hint" && props.value === earlier);
  if (atRest && state.scene.picture && !changing && TOOL_WORDS[state.tool]) return TOOL_WORDS[state.tool];
  return rest === "send" && FINGERS.matches ? "" : text; // their keyboard has its own ways
}

// Backspace right behind a name takes the whole name, and also behind the space that came with it
// when it was put there by a click.
function eatName(event) {
  const { selectionStart: caret, selectionEnd: end } = event.target;
  if (caret !== end || event.ctrlKey || event.metaKey || event.altKey) return;
  const stop = putInOneGo && typed()[caret - 1] === " " ? caret - 1 : caret;
  const name = mentions(typed()).find((found) => found.end === stop && exists(found.name));
  if (!name) return;
  event.preventDefault();
  replaceTyped(name.start, caret, "");
}

// Asks the server what words such as "it" mean, once the typing pauses. Gradio's own event comes with
// keys only, not with what is pasted, deleted or put there by a click.
function readSoon() {
  clearTimeout(reading);
  reading = setTimeout(() => trigger("typed", {}), SETTLED_MS);
}

function cancelChange(event) {
  event.preventDefault();
  event.stopPropagation();
  send("canvas/canvas", "turn", { kind: "keep", turn: changing });
}

document.addEventListener("input", (event) => {
  if (event.target !== message()) return;
  putInOneGo = !event.isTrusted;
  showCited();
  showOffer(event);
  readSoon();
});

// What is sent or put away is not read any more, or the reading would take the place of what is said.
document.addEventListener("click", (event) => {
  if (closest(event, "#send, #next, #play, #undo, #redo, #new, #examples")) clearTimeout(reading);
});

// On the way down, before the page's own keys: Esc belongs to the question that is being changed.
window.addEventListener("keydown", (event) => {
  if (event.target !== message() || event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey) clearTimeout(reading);
  if (event.key === "Backspace") eatName(event);
  if (event.key === "Escape" && changing && !isOfferOpen()) cancelChange(event);
}, true);

cancel.addEventListener("click", cancelChange);
onChange(["tool"], () => {
  earlier = props.value;
  write();
});
// The message is emptied from outside, without an event, when a turn begins.
onChange(["drawn"], showCited);
watch("value", write);
write();
