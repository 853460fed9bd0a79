// The line above the message: what to do, what could not be done, which question is being changed.
import { exists, onChange, state } from "../canvas/state.js";
import { element, line, props, trigger, watch } from "./parts.js";
import { doubtNow, showCited } from "./chips.js";
import { isOfferOpen, showOffer } from "./offer.js";
import "./coach.js";
import "./skip.js";
import { send } from "../shared/components.js";
import { goToEnd, message, noteReads, replaceTyped, turnMessage, typed } from "../shared/message.js";
import { mentions } from "../shared/names.js";
import { closest, FINGERS, forHands, one, quoted } from "../shared/nodes.js";

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
let told = null; // the value whose words are in the line
let putInOneGo = false; // the newest text came by a click, not by keys

function write() {
  const { level = "hint" } = props.value || {};
  const began = props.value?.changing ?? null;
  showLine(forHands(lineNow(props.value || {}, began)), level, Boolean(props.value?.rest) && !doubtNow());
  line.dataset.level = began ? "changing" : level;
  cancel.hidden = !began;
  if (began && began !== changing) requestAnimationFrame(goToEnd);
  changing = began;
  noteReads(props.value?.reads || []);
  showCited();
}

// What to do next is there to be read; what happened is also heard, once. An alert that still had the former
// words would say those.
function showLine(text, level, isQuiet) {
  if (props.value === told && line.textContent === text) return;
  told = props.value;
  const role = level === "error" ? "alert" : "status";
  if (line.getAttribute("role") !== role) line.textContent = "";
  line.setAttribute("role", role);
  line.setAttribute("aria-live", level === "error" ? "assertive" : isQuiet ? "off" : "polite");
  line.replaceChildren(...quoted(text));
}

function lineNow({ text = "", level = "hint", rest = "" }, began = changing) {
  const doubt = doubtNow();
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
  turnMessage();
  write();
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
onChange(["drawn"], () => {
  showCited();
  requestAnimationFrame(turnMessage);
});
watch("value", write);
write();
