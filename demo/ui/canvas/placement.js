// Places for labels: full where there is room, else the name alone, else none. They are placed greedily,
// those of small things first, which a label hides soonest, and else in their order; two never cover each
// other, and none hides what it names. All sizes are in one unit, of a picture as large as `room`.
import { area } from "./geometry.js";

/** @typedef {import("./state.d.ts").Label} Label */
/** @typedef {import("./state.d.ts").Place} Place */
/** @typedef {[number, number]} Room */

const GAP = 3; // between a box and its label
const HEIGHT = 21; // as in canvas.css
const RIM = 1; // the light line round a label
// How much of a thing a label may lie on, be it the one that it names; and where there is no other room.
const MAX_HIDDEN = 0.1;
const MAX_HIDDEN_CROWDED = 0.35;

/**
 * Give every label its place, as `taken`: x, y, width; null where there is none.
 * @param {Label[]} labels @param {Room} room
 */
export function placeLabels(labels, room) {
  const smallFirst = [...labels].sort((one, other) => area(one.box) - area(other.box));
  // Every name gets its place before any gets room for more words; those hide nothing.
  for (const label of smallFirst) {
    label.taken = freePlace(label, label.short, room, labels, true) ||
      freePlace(label, label.short, room, labels, false);
  }
  for (const label of smallFirst) {
    const wide = label.taken && label.full > label.short && freePlace(label, label.full, room, labels, true);
    label.taken = wide || label.taken;
  }
}

/**
 * The place of a label in full while its region is pointed at, whatever it covers.
 * @param {Pick<Label, "box" | "full" | "taken">} label @param {Room} room @returns {Place}
 */
export function placePointed({ box, full, taken }, room) {
  if (taken && taken[2] >= full) return taken;
  return /** @type {Place} */ (freePlace({ box }, full, room, [], false));
}

/**
 * The first of the usual places (above, below, beside, further away, inside) that is in the picture and not
 * taken, or null; `polite`: nor where it hides anything. Without any labels there is always one.
 * @param {Pick<Label, "box">} label @param {number} w @param {Room} room @param {Label[]} labels
 * @param {boolean} polite @returns {Place | null}
 */
export function freePlace(label, w, [width, height], labels, polite) {
  const [x1, y1, x2, y2] = label.box;
  const [above, below, row] = [y1 - HEIGHT - GAP, y2 + GAP, HEIGHT + GAP];
  const places = [
    [x1, above],
    [x1, below],
    [x2 - w, above],
    [x2 - w, below],
    [x2 + GAP, y1],
    [x1 - w - GAP, y1],
    [x2 + GAP, y2 - HEIGHT],
    [x1 - w - GAP, y2 - HEIGHT],
    [x1, above - row],
    [x1, below + row],
    [x2 - w, above - row],
    [x2 - w, below + row],
    [x1 + GAP, y1 + GAP],
    [x1 + GAP, y2 - HEIGHT - GAP],
    [x2 - w - GAP, y1 + GAP],
  ];
  const sideways = (/** @type {number} */ x) => Math.max(0, Math.min(x, width - w));
  for (const [at, y] of places) {
    const beside = at >= x2 || at + w <= x1;
    const x = beside ? at : sideways(at); // beside a box it may not be pushed over it
    if (y < 0 || y + HEIGHT > height || x < 0 || x + w > width) continue;
    const free = (/** @type {Label} */ other) => {
      if (shareHidden(x, y, w, other.box) > (polite ? MAX_HIDDEN : MAX_HIDDEN_CROWDED)) return false;
      return other === label || (isApart(other.taken, x, y, w) && !(polite && covers(x, y, w, other.middle)));
    };
    if (labels.every(free)) return [x, y, w];
  }
  return labels.length ? null : [sideways(x1), Math.max(0, Math.min(y1, height - HEIGHT)), w];
}

/** @param {Place | null} taken @param {number} x @param {number} y @param {number} w */
function isApart(taken, x, y, w) {
  if (!taken) return true;
  const [left, top, wide] = taken;
  const rim = 2 * RIM;
  return x + w + rim <= left || left + wide + rim <= x || y + HEIGHT + rim <= top || top + HEIGHT + rim <= y;
}

/** How much of a box a label lies on, 0 to 1. @param {number} x @param {number} y @param {number} w @param {number[]} box */
function shareHidden(x, y, w, box) {
  const [x1, y1, x2, y2] = box;
  const wide = Math.min(x + w, x2) - Math.max(x, x1);
  const high = Math.min(y + HEIGHT, y2) - Math.max(y, y1);
  return wide > 0 && high > 0 ? (wide * high) / area(box) : 0;
}

/** @param {number} x @param {number} y @param {number} w @param {number[]} middle */
function covers(x, y, w, [a, b]) {
  return a > x && a < x + w && b > y && b < y + HEIGHT;
}
