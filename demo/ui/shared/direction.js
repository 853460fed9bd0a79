// Which way text runs. The page runs from left to right; what people and models wrote, as its first letter does,
// not counting names of regions: “R1 שמאלה” is Hebrew.
import { mentions } from "./names.js";

const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /^[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * Whether a text runs from the right, names of regions aside.
 * @param {string} text
 */
export function runsFromRight(text) {
  let rest = text;
  for (const { start, end } of mentions(text).reverse()) rest = rest.slice(0, start) + rest.slice(end);
  return startsRight(rest);
}

/** @param {string} text */
function startsRight(text) {
  return RIGHT_TO_LEFT.test(text.match(LETTER)?.[0] || "");
}

/**
 * The value of `dir` for such a text: the browser's own choice, unless a name would lead it astray.
 * @param {string} text
 */
export function directionOf(text) {
  return runsFromRight(text) && !startsRight(text) ? "rtl" : "auto";
}
