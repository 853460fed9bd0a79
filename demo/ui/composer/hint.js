// The line above the message: what to do, what could not be done, which question is being changed.
// It also reads and writes the message, which stays plain text; chips.js, offer.js and coach.js follow
// in the same scope. What the page shows comes from the canvas with `scene-known`.
const SETTLED = 90; // milliseconds without a key before the server reads the message
const TOOL_WORDS = { // what the line says at rest while a tool is in hand
  box: "Drag a box. Click a region to cite it.",
  point: "Click something to outline it.",
  correct: "Click a region to correct it. Done or Esc leaves the tool.",
};
const line = element.querySelector(".hint");
const keep = element.querySelector(".keep");
let scene = { picture: null, regions: [], turns: 0, busy: "" };
let changing = null; // the number of the question that is being changed
let reading = 0;
let tool = "select";
let before = null; // what was said when the tool was taken: the tool's words take its place
let putInOneGo = false; // the newest text came by a click, not by keys

function write() {
  const { level = "hint" } = props.value || {};
  const began = props.value?.changing ?? null;
  line.textContent = forHands(lineNow(props.value || {}));
  line.dataset.level = began ? "changing" : level;
  line.setAttribute("role", level === "error" ? "alert" : "status");
  keep.hidden = !began;
  if (began && began !== changing) requestAnimationFrame(goToEnd);
  changing = began;
  showCited();
}

function lineNow({ text = "", level = "hint", rest = "" }) {
  const atRest = rest || (level === "hint" && props.value === before);
  if (atRest && scene.picture && !changing && TOOL_WORDS[tool]) return TOOL_WORDS[tool];
  return rest === "send" && FINGERS.matches ? "" : text; // their keyboard has its own ways
}

document.addEventListener("tool-changed", ({ detail }) => {
  tool = detail;
  before = props.value;
  write();
});

// The message --------------------------------------------------------------------------------------

function message() {
  return document.querySelector("#message textarea");
}

function typed() {
  return message()?.value || "";
}

function goToEnd() {
  const box = message();
  box.focus({ preventScroll: true });
  box.setSelectionRange(box.value.length, box.value.length);
}

// Puts text in the place of the characters start:end. Where the person is typing, their own undo
// (Ctrl+Z) goes on working.
function replaceTyped(start, end, text) {
  const box = message();
  if (document.activeElement === box) {
    box.setSelectionRange(start, end);
    if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
  }
  box.setRangeText(text, start, end, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

// A name goes with one of the spaces round it.
function removeTyped(start, end) {
  const all = typed();
  const before = all[start - 1] === " " && /^(\s|[.,;:?!)]|$)/.test(all.slice(end));
  if (before) replaceTyped(start - 1, end, "");
  else replaceTyped(start, all[end] === " " ? end + 1 : end, "");
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
  reading = setTimeout(() => trigger("typed", {}), SETTLED);
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
  if (event.target.closest("#send, #next, #play, #undo, #new, #examples")) clearTimeout(reading);
});

// On the way down, before the page's own keys: Esc belongs to the question that is being changed.
window.addEventListener("keydown", (event) => {
  if (event.target !== message() || event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey) clearTimeout(reading);
  if (event.key === "Backspace") eatName(event);
  if (event.key === "Escape" && changing && !offered) keepQuestion(event);
}, true);

function keepQuestion(event) {
  event.preventDefault();
  event.stopPropagation();
  document.dispatchEvent(new CustomEvent("keep-question", { detail: changing }));
}

keep.addEventListener("click", keepQuestion);
document.addEventListener("scene-known", ({ detail }) => {
  scene = detail;
  showCited(); // the message is emptied from outside, without an event, when a turn begins
});
watch("value", write);
