// Zooming the picture: buttons, keys, the wheel (and pinching a trackpad). Fingers are in touch.js.
// Zoom 1 shows the whole picture. Where the page itself scrolls, the plain wheel is the page's.

const LARGEST_PIXEL = 8; // screen pixels; how large one pixel of the picture may become
const LEAST_MOST = 4; // how far any picture, even a tiny one, can be enlarged beyond the whole
const ZOOM_STEP = 1.5;
const LINE = 16; // pixels of a wheel that counts in lines

// The picture's place `under` gets to `at` in the window; by itself it is what is there already.
function zoomTo(factor, at = middleOfView(), under = pictureAt(...at)) {
  if (!scene.picture) return;
  const [[x, y], [u, v]] = [at, under];
  const [least, most] = zoomLimits();
  zoom = Math.max(least, Math.min(factor, most));
  if (Math.abs(zoom - 1) < 0.01) zoom = 1;
  layout();
  const now = sheet.getBoundingClientRect();
  view.scrollBy(now.left + (u / scene.width) * now.width - x, now.top + (v / scene.height) * now.height - y);
}

// From the smaller of whole and 1:1 to pixels that can be counted.
function zoomLimits() {
  const fit = scaleToFit();
  return [Math.min(1, 1 / fit), Math.max(LEAST_MOST, LARGEST_PIXEL / fit)];
}

function middleOfView() {
  const room = view.getBoundingClientRect();
  return [room.left + room.width / 2, room.top + room.height / 2];
}

// Where a place of the window lies on the picture, in its pixels, not rounded; it may lie outside.
function pictureAt(x, y) {
  const room = sheet.getBoundingClientRect();
  return [((x - room.left) / room.width) * scene.width, ((y - room.top) / room.height) * scene.height];
}

const ZOOMS = {
  in: () => zoomTo(zoom * ZOOM_STEP),
  out: () => zoomTo(zoom / ZOOM_STEP),
  fit: () => zoomTo(1),
  full: () => zoomTo(1 / scaleToFit()),
};
const ZOOM_KEYS = { "+": "in", "=": "in", "-": "out", "−": "out", 0: "fit", 1: "full" };

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-zoom]");
  if (button) ZOOMS[button.dataset.zoom]();
});

function pageScrolls() {
  const page = document.scrollingElement;
  return page.scrollHeight > page.clientHeight && getComputedStyle(page).overflowY !== "hidden";
}

view.addEventListener("wheel", (event) => {
  const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (!event.ctrlKey && !event.metaKey && (sideways || pageScrolls())) return;
  event.preventDefault();
  const turned = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1);
  zoomTo(zoom * Math.exp(-turned / 300), [event.clientX, event.clientY]);
}, { passive: false });
