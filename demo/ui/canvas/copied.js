// Regions that were copied: kept in this tab, as parts of their picture, so that they have their place on the
// next picture too; and as a text for other programs, which is read again when it comes from elsewhere.
import { clamp } from "./geometry.js";

/** @typedef {import("./scene.d.ts").Box} Box */
/** @typedef {import("./scene.d.ts").Size} Size */
/** @typedef {{ label: string, boxes: Box[] }} Shape */

export const MAX_COPIED = 100;
const MAX_LINES = 400;
const LINE = /^(.*?)\s*\[\s*(-?\d{1,6})\s*,\s*(-?\d{1,6})\s*,\s*(-?\d{1,6})\s*,\s*(-?\d{1,6})\s*\]\s*$/u;

/** The regions as lines: the name, or else R1, and the box. @param {{ id: string, title: string, objects: { box: Box }[] }[]} regions */
export function textOf(regions) {
  return regions.flatMap(({ id, title, objects }) => objects.map(({ box }) => `${title || id} [${box.join(", ")}]`))
    .join("\n");
}

/** The shapes that such a text describes; null where it is some other text. @param {string} text @returns {Shape[] | null} */
export function shapesIn(text) {
  const lines = text.split("\n", MAX_LINES).map((line) => line.trim()).filter(Boolean);
  const found = lines.map((line) => LINE.exec(line));
  if (!lines.length || found.some((line) => !line)) return null;
  return found.slice(0, MAX_COPIED).map((line) => {
    const [, label, ...numbers] = /** @type {RegExpExecArray} */ (line);
    const box = /** @type {Box} */ (numbers.map(Number));
    return { label: /^R\d+$/.test(label) ? "" : label, boxes: [box] };
  });
}

/**
 * The same places on a picture of another size.
 * @param {Shape[]} shapes @param {Size} from @param {Size} to @returns {Shape[]}
 */
export function onPicture(shapes, from, to) {
  /** @param {number} value @param {number} i */
  const scaled = (value, i) => Math.round((value * to[i % 2]) / from[i % 2]);
  return shapes.map(({ label, boxes }) => ({
    label,
    boxes: boxes.map((box) => fitted(/** @type {Box} */ (box.map(scaled)), to)),
  }));
}

/** @param {Box} box @param {Size} size @returns {Box} */
function fitted([x1, y1, x2, y2], [width, height]) {
  const [left, top] = [clamp(x1, 0, width - 1), clamp(y1, 0, height - 1)];
  return [left, top, clamp(x2, left + 1, width), clamp(y2, top + 1, height)];
}

/**
 * By how much copies lie beside these boxes, the same for all: a little to the lower right, or to where there is room.
 * @param {Box[]} boxes @param {Size} size @returns {[number, number]}
 */
export function aside(boxes, [width, height]) {
  const step = Math.max(4, Math.round(0.025 * Math.max(width, height)));
  /** @param {number} low @param {number} high @param {number} limit */
  const way = (low, high, limit) => (high + step <= limit ? step : low - step >= 0 ? -step : 0);
  const [x1, x2] = [Math.min(...boxes.map((box) => box[0])), Math.max(...boxes.map((box) => box[2]))];
  const [y1, y2] = [Math.min(...boxes.map((box) => box[1])), Math.max(...boxes.map((box) => box[3]))];
  return [way(x1, x2, width), way(y1, y2, height)];
}
