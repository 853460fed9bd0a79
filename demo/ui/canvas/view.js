// The picture's size on the screen: fitted, zoomed, and where a place of the window lies on it.
// Zoom 1 shows the whole picture.
import { change, onChange, pictureSize, state } from "./state.js";
import { element, sheet, stage, view } from "./parts.js";
import { clamp, MAX_ENLARGED, zoomLimits } from "./geometry.js";
import { node, one } from "../shared/nodes.js";

/** @type {[number, number] | null} */
let room = null; // width and height of the view, once measured
/** @type {((scale: number) => void)[]} */
const listeners = [];

/** Run `run` with the scale whenever the picture has its place and size. */
export function onLayout(run) {
  listeners.push(run);
}

/** The width of the view on the screen. */
export function viewWidth() {
  return measured()[0];
}

// The offset sizes count scroll bars in: these come and go with the zoom that is computed here. They are
// read once for each size the view has: reading lays out the page, which after drawing is slow.
function measured() {
  room ||= [view.offsetWidth, view.offsetHeight];
  return room;
}

export function scaleToFit() {
  const [[wide, high], [width, height]] = [measured(), pictureSize()];
  return Math.min(wide / width, high / height, MAX_ENLARGED);
}

/** Pixels of the screen for one of the picture. */
export function scaleNow() {
  return scaleToFit() * state.zoom;
}

/** Give the picture its size; `onLayout` runs then. */
export function layout() {
  const [width, height] = pictureSize();
  if (!state.scene.picture || !scaleToFit()) return;
  const scale = scaleNow();
  sheet.style.width = `${width * scale}px`;
  sheet.style.height = `${height * scale}px`;
  sheet.classList.toggle("coarse", scale >= 4);
  stage.toggleAttribute("data-zoomed", state.zoom > 1);
  const size = `${width} × ${height} · ${Math.round(100 * scale)} %`;
  one(".canvas-name", element).replaceChildren(node("bdi", {}, state.scene.name), ` · ${size}`);
  for (const run of listeners) run(scale);
}

/**
 * Zoom; the picture's place `under` gets to `at` in the window; by itself it is what is there already.
 * @param {number} factor @param {[number, number]} [at] @param {[number, number]} [under]
 */
export function zoomTo(factor, at = middleOfView(), under = pictureAt(...at)) {
  if (!state.scene.picture) return;
  const [[x, y], [u, v], [width, height]] = [at, under, pictureSize()];
  const zoom = clamp(factor, ...zoomLimits(scaleToFit()));
  change({ zoom: Math.abs(zoom - 1) < 0.01 ? 1 : zoom });
  const now = sheet.getBoundingClientRect();
  view.scrollBy(now.left + (u / width) * now.width - x, now.top + (v / height) * now.height - y);
}

/** @returns {[number, number]} */
export function middleOfView() {
  const { left, top, width, height } = view.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}

/**
 * Where a place of the window lies on the picture, in its pixels, not rounded; it may lie outside.
 * @param {number} x @param {number} y @returns {import("./scene.d.ts").Point}
 */
export function pictureAt(x, y) {
  const [{ left, top, width, height }, [wide, high]] = [sheet.getBoundingClientRect(), pictureSize()];
  return [((x - left) / width) * wide, ((y - top) / height) * high];
}

/**
 * The pixel of the picture under a pointer, or null beside it.
 * @param {MouseEvent} event @returns {import("./scene.d.ts").Point | null}
 */
export function pixelAt(event) {
  const [x, y] = pictureAt(event.clientX, event.clientY).map(Math.floor);
  const [width, height] = pictureSize();
  return x >= 0 && y >= 0 && x < width && y < height ? [x, y] : null;
}

onChange(["zoom"], layout);
new ResizeObserver(() => {
  room = null;
  layout();
}).observe(view);
