// The names that regions have been given, for whoever names many: in the order of their first use, so that the
// digit of a name stays the same, over all pictures that this tab has shown.

export const MAX_LENGTH = 40; // letters of a name
const MAX_KEPT = 200;
/** @type {string[]} */
let kept = [];
let last = "";

/** Take note of names in use. @param {string[]} names */
export function noteNames(names) {
  kept = [...new Set([...kept, ...names.map(tidy).filter(Boolean)])].slice(0, MAX_KEPT);
}

/** Take note of a name that was just given. @param {string} name */
export function noteLast(name) {
  last = tidy(name);
  noteNames([last]);
}

/** The name that was given last, or nothing. */
export function lastName() {
  return last;
}

/** Forget all names. */
export function forgetNames() {
  [kept, last] = [[], ""];
}

/**
 * The names that fit what has been typed: those that begin with it before those that contain it.
 * @param {string} typed
 */
export function namesFor(typed) {
  const wanted = fold(tidy(typed));
  const begins = kept.filter((name) => fold(name).startsWith(wanted));
  return [...begins, ...kept.filter((name) => fold(name).includes(wanted) && !begins.includes(name))];
}

/** As the server keeps a name: on one line, and not too long. @param {string} name */
export function tidy(name) {
  return [...name.split(/\s+/u).filter(Boolean).join(" ")].slice(0, MAX_LENGTH).join("").trimEnd();
}

/** @param {string} name */
function fold(name) {
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
