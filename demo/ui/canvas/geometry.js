// Arithmetic of boxes [left, top, right, bottom] and points [across, down], all in picture pixels.

/** @typedef {import("./scene.d.ts").Box} Box */
/** @typedef {import("./scene.d.ts").Point} Point */
/** @typedef {import("./scene.d.ts").Size} Size */
/** @typedef {[number, number]} Way Which side a handle moves, across and down: -1, 0 or 1. */

/** @type {Way[]} */
const GRIPS = [[-1, -1], [1, -1], [1, 1], [-1, 1], [0, -1], [1, 0], [0, 1], [-1, 0]];
const ROOMY = 44; // screen pixels; a shorter side has no handle in its middle
const CURSORS = ["nwse-resize", "ns-resize", "nesw-resize", "ew-resize"];

/** @param {number} value @param {number} low @param {number} high */
export function clamp(value, low, high) {
  return Math.max(low, Math.min(value, high));
}

/** A box as the attributes of an SVG rectangle. @param {Box} box */
export function edges([x1, y1, x2, y2]) {
  return { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
}

/** @param {number[]} box */
export function area([x1, y1, x2, y2]) {
  return (x2 - x1) * (y2 - y1);
}

/** Whether a point lies in a box, or at most `rim` beside it. @param {Box} box @param {Point} point */
export function within([x1, y1, x2, y2], [x, y], rim = 0) {
  return x >= x1 - rim && x < x2 + rim && y >= y1 - rim && y < y2 + rim;
}

/** The box round several. @param {Box[]} boxes @returns {Box} */
export function around(boxes) {
  const [left, top, right, bottom] = [0, 1, 2, 3].map((i) => boxes.map((box) => box[i]));
  return [Math.min(...left), Math.min(...top), Math.max(...right), Math.max(...bottom)];
}

/** The box round pixels. @param {Point[]} points @returns {Box} */
export function boundsOf(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1];
}

/** Whether two boxes are almost the same, measured by the second. @param {Box} one @param {Box} box */
export function alike(one, box) {
  const slack = 0.03 * Math.max(box[2] - box[0], box[3] - box[1]);
  return one.every((value, i) => Math.abs(value - box[i]) <= slack);
}

/**
 * Whole pixels between two places, at least one, inside a picture of this size.
 * @param {Point} one @param {Point} other @param {Size} size @returns {Box}
 */
export function boxBetween([x1, y1], [x2, y2], [width, height]) {
  const [left, right] = span(x1, x2, width);
  const [top, bottom] = span(y1, y2, height);
  return [left, top, right, bottom];
}

/** @param {number} a @param {number} b @param {number} size */
function span(a, b, size) {
  const low = clamp(Math.round(Math.min(a, b)), 0, size - 1);
  return [low, Math.max(low + 1, Math.min(Math.round(Math.max(a, b)), size))];
}

/**
 * A box moved by whole pixels, as far as the picture goes.
 * @param {Box} box @param {number} dx @param {number} dy @param {Size} size @returns {Box}
 */
export function shifted([x1, y1, x2, y2], dx, dy, [width, height]) {
  const x = clamp(Math.round(dx), -x1, width - x2);
  const y = clamp(Math.round(dy), -y1, height - y2);
  return [x1 + x, y1 + y, x2 + x, y2 + y];
}

/**
 * A box with a corner or side moved. Dragged beyond its other side it turns over.
 * @param {Box} box @param {Way} way @param {number} dx @param {number} dy @param {Size} size
 */
export function resized([x1, y1, x2, y2], [h, v], dx, dy, size) {
  const [left, right] = h < 0 ? [x1 + dx, x2] : h > 0 ? [x1, x2 + dx] : [x1, x2];
  const [top, bottom] = v < 0 ? [y1 + dy, y2] : v > 0 ? [y1, y2 + dy] : [y1, y2];
  return boxBetween([left, top], [right, bottom], size);
}

/**
 * The handles of a box shown at this scale: which way each pulls, and where it is.
 * @param {Box} box @param {number} scale @returns {{ way: Way, at: Point }[]}
 */
export function gripsOf([x1, y1, x2, y2], scale) {
  const [wide, high] = [(x2 - x1) * scale >= ROOMY, (y2 - y1) * scale >= ROOMY];
  /** @param {number} way @param {number} low @param {number} high */
  const place = (way, low, high) => (way ? (way < 0 ? low : high) : (low + high) / 2);
  return GRIPS.filter(([h, v]) => (h || wide) && (v || high))
    .map((way) => ({ way, at: [place(way[0], x1, x2), place(way[1], y1, y2)] }));
}

/**
 * The handle within `reach` screen pixels of a place. In a small box the middle stays free, to move it.
 * @param {Box} box @param {Point} place @param {number} scale @param {number} reach
 */
export function gripNear(box, [x, y], scale, reach) {
  const side = Math.min(box[2] - box[0], box[3] - box[1]) * scale;
  const limit = within(box, [x, y]) ? Math.min(reach, side / 3) : reach;
  const far = (/** @type {{ at: Point }} */ { at }) => Math.hypot(at[0] - x, at[1] - y) * scale;
  const near = gripsOf(box, scale).sort((a, b) => far(a) - far(b))[0];
  return far(near) <= limit ? near : null;
}

/** The pointer's shape over a handle. @param {Way} way */
export function cursorOf([h, v]) {
  if (!h || !v) return h ? CURSORS[3] : CURSORS[1];
  return h === v ? CURSORS[0] : CURSORS[2];
}

/**
 * What a small picture of these boxes shows: a rim round them, as far as the picture goes; x, y, width, height.
 * @param {Box[]} boxes @param {Size} size
 */
export function cropFrame(boxes, [width, height]) {
  const [left, top, right, bottom] = around(boxes);
  const rim = 0.12 * Math.max(right - left, bottom - top);
  const [x, y] = [Math.max(0, left - rim), Math.max(0, top - rim)];
  return [x, y, Math.min(width, right + rim) - x, Math.min(height, bottom + rim) - y];
}

/**
 * Where something of this size goes beside a box: below, above, right or left of it, inside the room; where it fits
 * nowhere, where it covers least of the box. All in screen pixels.
 * @param {Box} box @param {Size} own @param {Size} room @param {number} gap @returns {Point}
 */
export function placeBeside([x1, y1, x2, y2], [w, h], [width, height], gap) {
  const places = [[x1, y2 + gap], [x1, y1 - gap - h], [x2 + gap, y1], [x1 - gap - w, y1]]
    .map((
      [x, y],
    ) => /** @type {Point} */ ([clamp(x, 0, Math.max(0, width - w)), clamp(y, 0, Math.max(0, height - h))]));
  /** @param {Point} place */
  const covered = ([x, y]) =>
    Math.max(0, Math.min(x + w, x2) - Math.max(x, x1)) * Math.max(0, Math.min(y + h, y2) - Math.max(y, y1));
  return places.reduce((best, place) => (covered(place) < covered(best) ? place : best));
}

export const MAX_ENLARGED = 8; // a tiny picture is enlarged at most this many times to fit
const MAX_PIXEL = 8; // screen pixels; how large one pixel of the picture may become
const MIN_BEYOND = 4; // how far any picture, even a tiny one, can be enlarged beyond the whole

/**
 * From the smaller of whole and 1:1 to pixels that can be counted; `fit` is the scale of the whole picture.
 * @param {number} fit @returns {[number, number]}
 */
export function zoomLimits(fit) {
  return [Math.min(1, 1 / fit), Math.max(MIN_BEYOND, MAX_PIXEL / fit)];
}
