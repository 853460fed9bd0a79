// Arithmetic of outlines and strokes: points in picture pixels, made few enough to be sent.

/** @typedef {import("./scene.d.ts").Point} Point */

export const MAX_POINTS = 500; // that the server takes
const MAX_CORNERS = 60; // more could not be told apart by hand

/**
 * The corners of the largest part of an outline, as the server draws it ("M1 2 3 4 5 6Z…"), few enough to be dragged.
 * @param {string} path @param {number} tolerance how far it may lie beside the outline @returns {Point[]}
 */
export function cornersOf(path, tolerance) {
  const parts = path.split("M").map((part) => pairs(part.match(/-?\d+(?:\.\d+)?/g)?.map(Number) || []));
  const largest = parts.reduce((best, part) => (extent(part) > extent(best) ? part : best), []);
  return fewer(largest, tolerance, MAX_CORNERS);
}

/** @param {number[]} numbers @returns {Point[]} */
function pairs(numbers) {
  return Array.from({ length: numbers.length >> 1 }, (_, i) => [numbers[2 * i], numbers[2 * i + 1]]);
}

/** @param {Point[]} points */
function extent(points) {
  return Math.abs(points.reduce((sum, [x, y], i) => {
    const [u, v] = points[(i + 1) % points.length];
    return sum + x * v - u * y;
  }, 0));
}

/** Not more than `max` of the points, further apart the more there are. @param {Point[]} points @param {number} tolerance */
export function fewer(points, tolerance, max = MAX_POINTS) {
  const every = Math.ceil(points.length / (4 * max)); // what follows takes the square of their number
  const some = points.filter((_, i) => i % every === 0 || i === points.length - 1);
  let limit = tolerance;
  let left = simplified(some, limit);
  for (; left.length > max; left = simplified(some, limit)) limit = 2 * limit + 1;
  return left;
}

/**
 * Without points that lie near the line between others (Douglas–Peucker).
 * @param {Point[]} points @param {number} tolerance @returns {Point[]}
 */
export function simplified(points, tolerance) {
  const kept = new Set([0, points.length - 1]);
  const spans = [[0, points.length - 1]];
  for (let span = spans.pop(); span; span = spans.pop()) {
    const [first, last] = span;
    let [far, at] = [tolerance, -1];
    for (let i = first + 1; i < last; i++) {
      const distance = fromLine(points[i], points[first], points[last]);
      if (distance > far) [far, at] = [distance, i];
    }
    if (at < 0) continue;
    kept.add(at);
    spans.push([first, at], [at, last]);
  }
  return points.filter((_, i) => kept.has(i));
}

/** How far a point lies from the line between two others. @param {Point} point @param {Point} from @param {Point} to */
function fromLine([x, y], [x1, y1], [x2, y2]) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const long = dx * dx + dy * dy;
  const part = long ? Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / long)) : 0;
  return Math.hypot(x - x1 - part * dx, y - y1 - part * dy);
}

/** Which of the points lies within `reach` of a place, or -1. @param {Point[]} points @param {Point} place @param {number} reach */
export function pointNear(points, [x, y], reach) {
  const far = points.map(([u, v]) => Math.hypot(u - x, v - y));
  const nearest = Math.min(...far);
  return nearest <= reach ? far.indexOf(nearest) : -1;
}
