// Names of regions in what people write (R2, R2.1), found as the server finds them.
const NAMES = /(?<![\w.])@?(r[0-9]+(?:\.[0-9]+)?)(?![\w])/gi;
const QUOTED = /"[^"]*"|“[^”]*”/g; // literal: a sign that reads "R2"
const MAX_LENGTH = 4; // R1200 is a model's number, and no region that is missing

/** @typedef {{ name: string, start: number, end: number }} Mention */
/** @typedef {{ id: string, objects: { id: string }[] }} Named */

/** Every name with its place in the text; quoted ones are words. @param {string} text @returns {Mention[]} */
export function mentions(text) {
  const plain = text.replace(QUOTED, (quoted) => " ".repeat(quoted.length));
  return [...plain.matchAll(NAMES)].map((found) => ({
    name: found[1].toUpperCase(),
    start: found.index,
    end: found.index + found[0].length,
  }));
}

/** The names in a text, each once. @param {string} text */
export function namesIn(text) {
  return new Set(mentions(text).map(({ name }) => name));
}

/**
 * Whether an unknown name stands beside a capitalised word and is a model's: an Audi R8, an R34 Skyline.
 * @param {string} text @param {Mention} mention
 */
export function isBrand(text, { start, end, name }) {
  const before = /[^.?!]\s+[A-Z][a-z]\w*\s+$/.test(text.slice(0, start));
  return before || /^\s+[A-Z][a-z]/.test(text.slice(end)) || name.split(".")[0].length > MAX_LENGTH;
}

/**
 * What a click on an object does to a message that has these names: `other` is put in the place of `name`
 * (null: it is taken out), or added when there is no `name`. Without `object` the whole region is meant.
 * @param {Named} region @param {string | null} object @param {boolean} alone @param {Set<string>} named
 */
export function clickMeans({ id, objects }, object, alone, named) {
  const many = objects.length > 1;
  if (object && many && named.has(id)) return { name: id, other: object };
  const exact = object && (many || named.has(object)) ? object : id;
  if (named.has(exact)) return { name: exact, other: null };
  const parted = object && many && objects.some((one) => named.has(one.id));
  return { name: null, other: object && (alone || parted) ? object : id };
}

/** The same in words. @param {Named} region @param {string} object @param {Set<string>} named */
export function clickSays(region, object, named) {
  const { name, other } = clickMeans(region, object, false, named);
  if (!name) return `Click to cite ${other}`;
  return other ? `Click to cite ${other} alone` : `Click to take ${name} out of the question`;
}

/**
 * A name that goes into a text between these two, with the spaces that it needs.
 * @param {string} before @param {string} name @param {string} after
 */
export function spaced(before, name, after) {
  const lead = /[^\s(]$/.test(before) ? " " : "";
  const trail = /^[\s.,;:?!)]/.test(after) ? "" : " ";
  return lead + name + trail;
}

/** The name of a file without its ending, of letters that every system takes. @param {string} name */
export function fileStem(name) {
  return (name || "picture").replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 60) || "picture";
}
