// Zooming the picture: buttons, keys, the wheel (and pinching a trackpad). Fingers are in touch.js.
// Where the page itself scrolls, the plain wheel is the page's.
import { state } from "./state.js";
import { ZOOM_KEYS } from "./key_tables.js";
import { element, view } from "./parts.js";
import { scaleToFit, zoomTo } from "./view.js";
import { closest } from "../shared/nodes.js";

const ZOOM_STEP = 1.5;
const LINE = 16; // pixels of a wheel that counts in lines

const ZOOMS = {
  in: () => zoomTo(state.zoom * ZOOM_STEP),
  out: () => zoomTo(state.zoom / ZOOM_STEP),
  fit: () => zoomTo(1),
  full: () => zoomTo(1 / scaleToFit()),
};

/** A key that may zoom; whether it did. */
export function zoomKey({ key }) {
  if (!(key in ZOOM_KEYS)) return false;
  ZOOMS[ZOOM_KEYS[key]]();
  return true;
}

element.addEventListener("click", (event) => {
  const button = closest(event, "[data-zoom]");
  if (button) ZOOMS[button.dataset.zoom]();
});

function pageScrolls() {
  const page = document.scrollingElement || document.documentElement;
  return page.scrollHeight > page.clientHeight && getComputedStyle(page).overflowY !== "hidden";
}

view.addEventListener("wheel", (event) => {
  const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (!event.ctrlKey && !event.metaKey && (sideways || pageScrolls())) return;
  event.preventDefault();
  const turned = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1);
  zoomTo(state.zoom * Math.exp(-turned / 300), [event.clientX, event.clientY]);
}, { passive: false });
