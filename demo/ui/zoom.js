// Zooming and moving the picture: the buttons, Ctrl+wheel (and pinching a trackpad), dragging.

const MOST_ZOOMED = 16;
const DRAG = 4; // screen pixels before a press becomes a drag
let drag = null;

function zoomTo(factor, at) {
  const room = view.getBoundingClientRect();
  const [x, y] = at || [room.left + room.width / 2, room.top + room.height / 2];
  const old = sheet.getBoundingClientRect();
  const [u, v] = [(x - old.left) / old.width, (y - old.top) / old.height];
  zoom = Math.max(1, Math.min(factor, MOST_ZOOMED));
  layout();
  const now = sheet.getBoundingClientRect();
  view.scrollBy(now.left + u * now.width - x, now.top + v * now.height - y);
}

const ZOOMS = { in: () => zoomTo(zoom * 1.5), out: () => zoomTo(zoom / 1.5), fit: () => zoomTo(1) };

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-zoom]");
  if (button) ZOOMS[button.dataset.zoom]();
});

view.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  zoomTo(zoom * Math.exp(-event.deltaY / 300), [event.clientX, event.clientY]);
}, { passive: false });

view.addEventListener("pointerdown", (event) => {
  if (zoom === 1 || event.pointerType !== "mouse" || event.button !== 0) return;
  drag = { x: event.clientX, y: event.clientY, left: view.scrollLeft, top: view.scrollTop, moved: false };
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
  drag.moved ||= Math.hypot(dx, dy) > DRAG;
  if (drag.moved) view.scrollTo(drag.left - dx, drag.top - dy);
});

document.addEventListener("pointerup", () => {
  if (drag?.moved) swallowClick();
  drag = null;
});

// The click that ends a drag is no click on a region.
function swallowClick() {
  const swallow = (event) => event.stopPropagation();
  window.addEventListener("click", swallow, { capture: true });
  setTimeout(() => window.removeEventListener("click", swallow, { capture: true }));
}
