// The message that is being written, which stays plain text: read, changed, and where its caret is.
import { one } from "./nodes.js";
import { mentions, namesIn, spaced } from "./names.js";

let read = []; // names that the server found in the message: name, start, end, and the words
let writing = false; // whether the text changes now because a script changes it

/** The text box of the message. */
export function message() {
  return one("#message textarea");
}

export function typed() {
  return message()?.value || "";
}

/**
 * Take note of what the server read (see `HintValue`): names in ways that only it knows, such as box 1.
 * @param {[string, string, number, number, boolean, boolean][]} reads
 */
export function noteReads(reads) {
  const alone = reads.filter(([, , start]) => reads.filter((other) => other[2] === start).length === 1);
  read = alone.filter((one) => !one[5]).map(([words, name, start, end]) => ({ name, start, end, words }));
}

/** Every name in the message with its place, in order. */
export function mentionsTyped() {
  return mentions(typed(), read);
}

export function namesTyped() {
  return namesIn(typed(), read);
}

/** Whether the text changes by a script, though the browser says by a person. */
export function isWriting() {
  return writing;
}

export function goToEnd() {
  const box = message();
  box.focus({ preventScroll: true });
  box.setSelectionRange(box.value.length, box.value.length);
}

/** Put a name in at the caret; with `focus` the keyboard goes behind it. */
export function insertName(name, focus) {
  const box = message();
  const [before, after] = [box.value.slice(0, box.selectionStart), box.value.slice(box.selectionEnd)];
  const put = spaced(before, name, after);
  // Gradio's own setter would not let it know.
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")?.set?.call(box, before + put + after);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  if (focus) box.focus({ preventScroll: true });
  const caret = before.length + put.length;
  box.setSelectionRange(caret, caret);
}

/** Put text in the place of the characters start:end. Where the person is typing, Ctrl+Z goes on working. */
export function replaceTyped(start, end, text) {
  const box = message();
  if (document.activeElement === box) {
    box.setSelectionRange(start, end);
    writing = true;
    const done = document.execCommand(text ? "insertText" : "delete", false, text);
    writing = false;
    if (done) return;
  }
  box.setRangeText(text, start, end, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Put another name in the place of one wherever the message has it, or none. */
export function changeName(name, other) {
  for (const found of mentionsTyped().reverse()) {
    if (found.name !== name) continue;
    if (other) replaceTyped(found.start, found.end, other);
    else removeTyped(found.start, found.end);
  }
}

// A name goes with one of the spaces round it.
function removeTyped(start, end) {
  const all = typed();
  const before = all[start - 1] === " " && /^(\s|[.,;:?!)]|$)/.test(all.slice(end));
  const between = /[\p{L}\p{N}]$/u.test(all.slice(0, start)) && /^[\p{L}\p{N}]/u.test(all.slice(end));
  if (between) replaceTyped(start, end, " ");
  else if (before) replaceTyped(start - 1, end, "");
  else replaceTyped(start, all[end] === " " ? end + 1 : end, "");
}
