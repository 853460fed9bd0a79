// The arithmetic of two pictures that are zoomed and moved together. A view says what of the picture is seen, without
// pixels of the screen, so that it means the same in panes of different sizes.
import { clamp, MAX_ENLARGED, zoomLimits } from "../canvas/geometry.js";

/** @typedef {import("../canvas/scene.d.ts").Size} Size */
/** @typedef {[number, number]} Place In a pane, in pixels of the screen from its corner. */
/** @typedef {{ zoom: number, x: number, y: number }} View Zoom 1 is the whole picture; x and y are what lies in the middle, 0 to 1. */
/** @typedef {{ pane: Size, picture: Size }} Frame */

/** @type {View} */
export const WHOLE = { zoom: 1, x: 0.5, y: 0.5 };

/** Pixels of the screen for one of the picture when the whole is seen. @param {Frame} frame */
function scaleToFit({ pane, picture }) {
  return Math.min(pane[0] / picture[0], pane[1] / picture[1], MAX_ENLARGED);
}

/** Where the picture lies in a pane, in pixels of the screen. @param {View} view @param {Frame} frame */
export function placeOf(view, frame) {
  const [width, height] = sizeOf(view, frame);
  return { left: frame.pane[0] / 2 - view.x * width, top: frame.pane[1] / 2 - view.y * height, width, height };
}

/**
 * Another zoom; what lies at `at` stays there.
 * @param {View} view @param {number} factor @param {Frame} frame @param {Place} [at] @returns {View}
 */
export function zoomed(view, factor, frame, at = middleOf(frame)) {
  const zoom = clamp(view.zoom * factor, ...zoomLimits(scaleToFit(frame)));
  return lying(under(view, frame, at), at, Math.abs(zoom - 1) < 0.01 ? 1 : zoom, frame);
}

/** Moved by so many pixels of the screen. @param {View} view @param {Place} by @param {Frame} frame @returns {View} */
export function moved(view, [dx, dy], frame) {
  const [width, height] = sizeOf(view, frame);
  return kept({ ...view, x: view.x - dx / width, y: view.y - dy / height }, frame);
}

/**
 * After two fingers went from one pair of places to another: what lay between them still does.
 * @param {View} view @param {[Place, Place]} before @param {[Place, Place]} now @param {Frame} frame @returns {View}
 */
export function pinched(view, before, now, frame) {
  const factor = apart(now) / Math.max(1, apart(before));
  const zoom = clamp(view.zoom * factor, ...zoomLimits(scaleToFit(frame)));
  return lying(under(view, frame, between(before)), between(now), zoom, frame);
}

/** What of the picture lies at a place of a pane, 0 to 1. @param {View} view @param {Frame} frame @param {Place} at @returns {Place} */
export function under(view, frame, [x, y]) {
  const { left, top, width, height } = placeOf(view, frame);
  return [(x - left) / width, (y - top) / height];
}

/**
 * The view in which `point` of the picture lies at `at`, as nearly as the picture's rim allows.
 * @param {Place} point @param {Place} at @param {number} zoom @param {Frame} frame @returns {View}
 */
function lying([u, v], [x, y], zoom, frame) {
  const [[width, height], [wide, high]] = [sizeOf({ ...WHOLE, zoom }, frame), frame.pane];
  return kept({ zoom, x: u + (wide / 2 - x) / width, y: v + (high / 2 - y) / height }, frame);
}

// Nothing beside the picture is seen where there is enough of it; a side that is seen whole lies in the middle.
/** @param {View} view @param {Frame} frame @returns {View} */
function kept({ zoom, x, y }, frame) {
  const [width, height] = sizeOf({ zoom, x, y }, frame);
  return { zoom, x: within(x, frame.pane[0] / width), y: within(y, frame.pane[1] / height) };
}

/** @param {number} middle @param {number} seen How much of the side is seen, 1 for all of it. */
function within(middle, seen) {
  return seen >= 1 ? 0.5 : clamp(middle, seen / 2, 1 - seen / 2);
}

/** @param {View} view @param {Frame} frame @returns {Size} */
function sizeOf(view, frame) {
  const scale = scaleToFit(frame) * view.zoom;
  return [frame.picture[0] * scale, frame.picture[1] * scale];
}

/** @param {Frame} frame @returns {Place} */
function middleOf({ pane }) {
  return [pane[0] / 2, pane[1] / 2];
}

/** @param {[Place, Place]} places */
function apart([[x1, y1], [x2, y2]]) {
  return Math.hypot(x2 - x1, y2 - y1);
}

/** @param {[Place, Place]} places @returns {Place} */
function between([[x1, y1], [x2, y2]]) {
  return [(x1 + x2) / 2, (y1 + y2) / 2];
}
