// Which way text runs. The page runs from left to right; what people and models wrote, as its first letter does,
// not counting names of regions: “R1 שמאלה” is Hebrew.
import { message } from "./message.js";
import { mentions } from "./names.js";
import { node } from "./nodes.js";

const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /^[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** @param {string} text */
function isRightToLeft(text) {
  return RIGHT_TO_LEFT.test(text.match(LETTER)?.[0] || "");
}

/**
 * The value of `dir` for a text that is written: the browser's own choice, unless a name leads it astray.
 * @param {string} text
 */
export function directionOf(text) {
  let rest = text;
  for (const { start, end } of mentions(text).reverse()) rest = rest.slice(0, start) + rest.slice(end);
  return isRightToLeft(rest) ? "rtl" : "auto";
}

/** Let the message run as its words do. */
export function turnMessage() {
  const box = message();
  if (box) box.dir = directionOf(box.value);
}

/** A sentence of the page, what it quotes apart from its own words. @param {string} sentence */
export function quoted(sentence) {
  return sentence.split(/(?<=“)([^”]*)(?=”)/).map((part, i) => i % 2 ? node("bdi", {}, part) : part);
}
