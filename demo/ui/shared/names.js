// Names of regions in what people write (R2, R2.1, Ｒ２, R١), found as the server's `names.py` finds them; it
// knows more ways (box 2, theR2), which come with what it has read.
const LATIN = "A-Za-z0-9\\u00c0-\\u024f\\u1e00-\\u1eff";
const RUN = `[${LATIN}]+(?:\\.[0-9][${LATIN}]*)*`;
const CHAIN = new RegExp(`${RUN}(?:[-‐‑–_]+${RUN})*`, "g"); // what stands together: R1, R1-R3, R2-D2
const ONE = "r[0-9]+(?:\\.[0-9]+)?";
const NAMES = new RegExp(`^${ONE}(?:[-‐‑–_]+${ONE})*$`, "i");
const SPACED = "A-Za-z0-9_\\u00c0-\\u052f\\u1e00-\\u1fff";
const QUOTED = new RegExp( // literal: a sign that reads "R2"
  `(?<![${SPACED}])(?:"[^"]*"|＂[^＂]*＂|\`[^\`]*\`|”[^”“]*”)(?![${SPACED}])` +
    "|“[^”“]*”|«[^»«]*»|„[^“”„]*[“”]|〝[^〝〟〞]*[〟〞]",
  "g",
);
const BRACKETED = /「[^「」]*」|『[^『』]*』/g;
const ENDING = /^(?:,[0-9]{3}(?![0-9])|\.(?:jpe?g|png|gif|webp|pdf|txt|zip|com|org|net)\b)/i;
const VERSION = new RegExp(`(?<![${LATIN}])[0-9]+\\.$`); // 1.R6
const UNSEEN = /[\p{Cf}\u0300-\u036f\ufe0e\ufe0f\u20e3]/u;
const KEY_MARKS = /[\ufe0e\ufe0f\u20e3]/;
const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}ー]/u; // scripts without spaces
const MAX_LENGTH = 4; // R1200 is a model's number, and no region that is missing

/** @typedef {{ name: string, start: number, end: number }} Mention */
/** @typedef {Mention & { words: string }} Read */
/** @typedef {{ id: string, objects: { id: string }[] }} Named */

/** R2 for ｒ２ and @R2. @param {string} words */
export function asWritten(words) {
  return folded(words).plain.trim().replace(/^[@#]/, "").toUpperCase();
}

/**
 * Every name with its place in the text; quoted ones are words. What the server has `read` counts as well, where
 * its words still stand.
 * @param {string} text @param {Read[]} read @returns {Mention[]}
 */
export function mentions(text, read = []) {
  const found = written(text);
  const more = read.filter(({ words, start, end }) =>
    text.slice(start, end) === words && !found.some((one) => one.start < end && start < one.end)
  );
  return [...found, ...more].sort((one, other) => one.start - other.start);
}

/** @param {string} text @returns {Mention[]} */
function written(text) {
  const { plain, at } = folded(withoutQuoted(text));
  return [...plain.matchAll(CHAIN)].flatMap((chain) => namesOf(plain, chain)).map(({ name, start, end }) => {
    let stop = at[end - 1] + String.fromCodePoint(text.codePointAt(at[end - 1]) || 0).length;
    while (KEY_MARKS.test(text.charAt(stop))) stop++;
    return { name, start: at[start], end: stop };
  });
}

/** @param {string} plain @param {RegExpExecArray} chain */
function namesOf(plain, { index, 0: chain }) {
  const signed = index > 0 && "@#".includes(plain[index - 1]);
  const isAddress = signed && new RegExp(`[${LATIN}]`).test(plain.charAt(index - 2));
  const isVersion = VERSION.test(plain.slice(Math.max(0, index - 4), index));
  if (
    !NAMES.test(chain) || isAddress || isVersion ||
    ENDING.test(plain.slice(index + chain.length, index + chain.length + 6))
  ) {
    return [];
  }
  const found = [...chain.matchAll(new RegExp(ONE, "gi"))];
  return found.map((one, k) => ({
    name: one[0].toUpperCase(),
    start: index + one.index - (signed && k === 0 ? 1 : 0),
    end: index + one.index + one[0].length,
  }));
}

/** @param {string} text */
function withoutQuoted(text) {
  const blank = (/** @type {string} */ quoted) => '"'.repeat(quoted.length);
  const isLone = (/** @type {string} */ quoted) => quoted === text.trim() || NAMES.test(asWritten(quoted.slice(1, -1)));
  return text.replace(QUOTED, blank).replace(BRACKETED, (quoted) => isLone(quoted) ? quoted : blank(quoted));
}

/** The text in plain letters and digits, and where each of its characters stands. @param {string} text */
function folded(text) {
  /** @type {number[]} */
  const at = [];
  let plain = "";
  let position = 0;
  for (const character of text) {
    const same = plainly(character);
    plain += same;
    for (let unit = 0; unit < same.length; unit++) at.push(position);
    position += character.length;
  }
  return { plain, at };
}

/** R for Ｒ, 1 for ١ and ①, e for é; nothing for what is not seen. @param {string} character */
function plainly(character) {
  if (character <= "\u007f") return character;
  if (character === "\u200b") return " ";
  if (UNSEEN.test(character)) return "";
  if ("²³¹".includes(character) || /[\u2070-\u207f]/.test(character)) return character;
  if (/\p{Nd}/u.test(character)) return String(digit(character.codePointAt(0) || 0));
  const same = character.normalize("NFKC");
  if (/^(?:[\0-\x7f]|[0-9]+)$/.test(same)) return same;
  const base = character.normalize("NFD")[0];
  return /[a-qs-z]/i.test(base) ? base : character;
}

/** What a digit of any script is worth: they stand in rows of ten, from 0 on. @param {number} code */
function digit(code) {
  let before = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(code - before - 1))) before++;
  return before % 10;
}

/** The names in a text, each once. @param {string} text @param {Read[]} read */
export function namesIn(text, read = []) {
  return new Set(mentions(text, read).map(({ name }) => name));
}

/**
 * Whether an unknown name stands beside a capitalised word and is a model's: an Audi R8, an R34 Skyline.
 * @param {string} text @param {Mention} mention
 */
export function isBrand(text, { start, end, name }) {
  const before = /[^.?!]\s+(?!(?:Region|Regions|Box|Area|Object)\s)[A-Z][a-z]\w*\s+$/.test(text.slice(0, start));
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
  const lead = /[^\s([{（「『【《〈“‘]$/.test(before) && !UNSPACED.test(before.slice(-1)) ? " " : "";
  return lead + name + trail(before, after);
}

/** The space that a name needs behind it. @param {string} before @param {string} after */
export function trail(before, after) {
  const unspaced = UNSPACED.test(after.charAt(0) || before.slice(-1));
  return unspaced || /^[\s.,;:?!)\]}’'，、。；：？！）」』】》〉”]/.test(after) ? "" : " ";
}

/** The name of a file without its ending, of letters that every system takes. @param {string} name */
export function fileStem(name) {
  return (name || "picture").replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 60) || "picture";
}
