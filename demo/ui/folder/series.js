// The pictures of a folder, in the order in which people go through them, and what was done to each. It knows no
// page and sends nothing.

/**
 * @typedef {object} Item
 * @property {File} file
 * @property {string} name
 * @property {string} folder The folder in the folder; empty for those right in it.
 * @property {string} print By which it is known again another day.
 * @property {string} key The hash of its pixels, once it was opened.
 * @property {boolean} seen
 * @property {number} asked How many questions were asked.
 * @property {number} drawn How many regions were drawn or corrected by hand.
 * @property {string} kept The name of its dialogue on disk.
 * @property {string} trouble Why it cannot be opened.
 */
/** @typedef {{ file: File, path: string }} Found A file, and its path in the folder. */
/**
 * @typedef {object} Series
 * @property {Item[]} items The pictures.
 * @property {number} left How many other files there were.
 * @property {boolean} hasLabels Whether some of those look like labels or dialogues.
 */

const MAX_ITEMS = 5000;
const ENDINGS = /\.(a?png|jpe?g|jpe|jfif|webp|gif|bmp|tiff?|hei[cf]|hif|avif|jp2|j2k|p[gnp]m|ico)$/i;
const OF_SYSTEMS = /(^|\/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/i;
const LABELS = /\.(zip|json|geojson|xml|ya?ml|names|csv)$/i; // as in files.js
const LABELS_BY_NAME = /\.txt$/i; // a text of any other name is no labels
const LABELS_LEFT =
  "Labels and dialogues were left out: open them with at most 7 pictures (100 MB in all), or labels and pictures in one zip file.";
const LABELS_OF_ONE =
  "Only the picture that is shown first has its labels or dialogue, as dialogues are not kept on disk here. Open the others one at a time with theirs.";
const order = new Intl.Collator("en", { numeric: true });

/** The pictures among files, the others counted, but for those that systems put into folders. @param {Found[]} found @returns {Series} */
export function seriesOf(found) {
  const shown = found.filter(({ path }) => !OF_SYSTEMS.test(path));
  const pictures = shown.filter(({ file }) => isPicture(file));
  const items = pictures.map(itemOf).sort(inOrder).slice(0, MAX_ITEMS);
  return { items, left: shown.length - items.length, hasLabels: holdLabels(shown) };
}

/** @param {Found[]} found */
function holdLabels(found) {
  const names = found.filter(({ file }) => !isPicture(file)).map(({ file }) => file.name);
  if (names.some((name) => LABELS.test(name))) return true;
  const texts = names.filter((name) => LABELS_BY_NAME.test(name)).map(stem);
  const named = new Set(["classes", ...found.filter(({ file }) => isPicture(file)).map(({ file }) => stem(file.name))]);
  return texts.some((name) => named.has(name));
}

/** A name without its ending. @param {string} name */
function stem(name) {
  return name.normalize().toLowerCase().replace(/\.[^.]*$/, "");
}

/**
 * What becomes of labels that came with pictures, where that is not what one expects.
 * @param {Pick<Series, "hasLabels">} series @param {boolean} isSent Whether all went to the server together.
 * @param {boolean} keeps Whether dialogues are kept on disk.
 */
export function noteOf({ hasLabels }, isSent, keeps) {
  if (!hasLabels) return "";
  if (!isSent) return LABELS_LEFT;
  return keeps ? "" : LABELS_OF_ONE;
}

/** Whether a file looks like a picture from outside. @param {Pick<File, "name" | "type">} file */
function isPicture({ name, type }) {
  return ENDINGS.test(name) || (type.startsWith("image/") && !type.includes("svg"));
}

/** @param {Found} found @returns {Item} */
function itemOf({ file, path }) {
  const folder = path.split("/").slice(0, -1).join("/");
  const print = printOf(`${path} ${file.size} ${file.lastModified}`);
  const nothing = { key: "", seen: false, asked: 0, drawn: 0, kept: "", trouble: "" };
  return { file, name: file.name, folder, print, ...nothing };
}

/** A short number for a text, which does not tell the text. @param {string} text */
function printOf(text) {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    high = Math.imul(high ^ text.charCodeAt(i), 2654435761);
    low = Math.imul(low ^ text.charCodeAt(i), 1597334677);
  }
  return (high >>> 0).toString(36) + (low >>> 0).toString(36);
}

/** Names with numbers in the order of the numbers; those in a folder before those in folders in it. @param {Item} a @param {Item} b */
function inOrder(a, b) {
  return between(a.folder.split("/"), b.folder.split("/")) || order.compare(a.name, b.name) ||
    (a.name < b.name ? -1 : 1);
}

/** @param {string[]} a @param {string[]} b */
function between(a, b) {
  const apart = a.findIndex((part, i) => part !== b[i]);
  if (apart < 0) return a.length - b.length;
  return apart < b.length ? order.compare(a[apart], b[apart]) : 1;
}

/**
 * Of the items that were asked after by the names of their dialogues, those that still have that name and whose
 * dialogue is gone.
 * @param {[Item, string][]} asked @param {Record<string, number>} known
 */
export function goneOf(asked, known) {
  return asked.filter(([item, kept]) => item.kept === kept && !(kept in known)).map(([item]) => item);
}

/** A long name in two: only the first part may be cut short, as files often differ at the end. @param {string} name */
export function partsOf(name) {
  return /^(.{16,}?)([!-~]{4,12})$/u.exec(name)?.slice(1) || [name];
}

/** Whether something was done to it. @param {Item} item */
export function isDone({ asked, drawn }) {
  return asked > 0 || drawn > 0;
}

/** The next one that can be opened, a step of `way` after another; -1 where there is none. @param {Item[]} items @param {number} at @param {number} way */
export function stepFrom(items, at, way) {
  for (let i = at + way; i >= 0 && i < items.length; i += way) if (!items[i].trouble) return i;
  return -1;
}

/** The next one to which nothing was done, from the beginning again after the last; -1 where there is none. @param {Item[]} items @param {number} at */
export function nextUndone(items, at) {
  const isLeft = (/** @type {Item} */ item) => !item.trouble && !isDone(item);
  const later = items.findIndex((item, i) => i > at && isLeft(item));
  return later < 0 ? items.findIndex((item, i) => i !== at && isLeft(item)) : later;
}

/** What was done to it. @param {Item} item */
export function done(item) {
  const { asked, drawn, seen, trouble } = item;
  if (trouble) return "cannot be opened";
  if (!isDone(item)) return seen ? "opened" : "not seen";
  return [counted(asked, "question"), counted(drawn, "region", " by hand")].filter(Boolean).join(", ");
}

/** @param {number} count @param {string} thing */
function counted(count, thing, more = "") {
  return count ? `${count} ${thing}${count === 1 ? "" : "s"}${more}` : "";
}

/** How many there are and what became of them, in words. @param {Pick<Series, "items" | "left">} series */
export function summary({ items, left }) {
  const doneTo = items.filter(isDone).length;
  const bad = items.filter(({ trouble }) => trouble).length;
  return [
    counted(items.length, "picture"),
    `something done to ${doneTo}`,
    bad ? `${bad} cannot be opened` : "",
    left ? `${counted(left, "other file")} left out` : "",
  ].filter(Boolean).join(" · ");
}
