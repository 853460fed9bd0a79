// Looks in the dialogue. The server writes each as a link (#look-LEFT.TOP.RIGHT.BOTTOM, in picture pixels); here it
// becomes a small picture of that part, cut from the page's own picture, with a button that makes it a region.
import { change, onChange, pictureSize, state } from "../canvas/state.js";
import { image } from "../canvas/parts.js";
import { insert } from "../canvas/cite.js";
import { makeRegion, zoomToPart } from "../canvas/closer.js";
import { namesByBox } from "./look_names.js";
import { all, buttonNode, closest, fill, node, one } from "../shared/nodes.js";

/** @typedef {import("../canvas/scene.d.ts").Box} Box */

const LOOK = /^#look-(\d+)\.(\d+)\.(\d+)\.(\d+)$/;
const LINKS = "#chat a[href^='#look-']";
const MAX_WIDTH = 128; // pixels of the page
const MAX_HEIGHT = 84;
const MIN_SIDE = 28;
const MAX_KEPT = 300; // painted pictures that are used again
const NEAR = "300px"; // how far out of view a picture is painted already
/** What was painted, by the link's address: a text that grows is written anew many times a second. @type {Map<string, any>} */
const kept = new Map();
const named = { regions: /** @type {any} */ (null), names: new Map() };
let held = null; // which look has the keyboard, and whether it is its button: a text that grows is written anew

/** Make the looks in the dialogue small pictures. */
export function dressLooks(chat) {
  for (const link of all(`${LINKS}:not([role])`, chat)) {
    const box = boxOf(link);
    if (box) dress(link, box);
  }
}

/** @returns {Box | null} */
function boxOf(link) {
  const found = link.hash.match(LOOK);
  return found ? /** @type {Box} */ (found.slice(1).map(Number)) : null;
}

function dress(link, box) {
  const [title, where] = link.textContent.split(": ");
  const label = `${title}, ${where}: ${sharesOf(box)}`;
  fill(link, { role: "button", "aria-label": `${label}. Zoom there`, title: "Zoom there, and back" }, []);
  link.dataset.sentence = `${label}.`;
  link.replaceChildren(cropOf(link.hash, box), node("span", {}, node("b", {}, title), " ", node("span", {}, where)));
  const button = buttonNode({ class: "look-make" });
  if (!link.closest(".user-row")) link.after(button); // what a person asked about was marked by themselves
  if (button.isConnected) writeButton(button);
  if (held?.hash !== link.hash || document.activeElement !== document.body) return;
  (held.isButton ? button : link).focus({ preventScroll: true });
}

// Where it is for those who do not see it: from 12% to 30% across, 40% to 61% down.
function sharesOf([x1, y1, x2, y2]) {
  const [width, height] = pictureSize();
  const share = (value, of) => `${Math.round((100 * value) / (of || 1))}%`;
  return `from ${share(x1, width)} to ${share(x2, width)} across, ${share(y1, height)} to ${share(y2, height)} down`;
}

// Its size is known before it is drawn, so that nothing moves once it is.
function cropOf(hash, box) {
  const painted = kept.get(hash);
  if (painted && !painted.isConnected) return painted;
  const [wide, high] = [Math.max(1, box[2] - box[0]), Math.max(1, box[3] - box[1])];
  const scale = Math.min(MAX_WIDTH / wide, MAX_HEIGHT / high);
  const [width, height] = [wide, high].map((side) => Math.max(MIN_SIDE, Math.round(side * scale)));
  const dense = Math.min(devicePixelRatio || 1, 2);
  const crop = node("canvas", { width: width * dense, height: height * dense, "aria-hidden": "true" });
  crop.style.cssText = `--wide: ${width}; --high: ${height};`;
  inView.observe(crop);
  return crop;
}

const inView = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) paint(target);
}, /** @type {any} */ ({ scrollMargin: NEAR }));

/** @param {any} crop */
function paint(crop) {
  const link = crop.closest("a");
  const box = link && boxOf(link);
  if (!box || !image.complete || !image.naturalWidth) return; // it is painted when it has come
  inView.unobserve(crop);
  keep(link.hash, crop);
  const [[x1, y1, x2, y2], pen] = [box, crop.getContext("2d")];
  const [across, down] = [image.naturalWidth / state.scene.width, image.naturalHeight / state.scene.height];
  pen.imageSmoothingQuality = "high";
  const [width, height] = [(x2 - x1) * across, (y2 - y1) * down];
  pen.drawImage(image, x1 * across, y1 * down, width, height, 0, 0, crop.width, crop.height);
}

function keep(hash, crop) {
  kept.delete(hash);
  kept.set(hash, crop);
  if (kept.size > MAX_KEPT) kept.delete([...kept.keys()][0]);
}

function crops() {
  return all(`${LINKS}[role] canvas`);
}

/** Make all looks small pictures, also those that are far out of view or have just come. */
export function paintLooks(chat) {
  dressLooks(chat);
  crops().forEach(paint);
}

// The button -----------------------------------------------------------------------------------------

function writeButton(button) {
  const name = regionAt(boxOf(button.previousSibling));
  const { busy, next } = state.scene;
  button.textContent = name ? `Cite ${name}` : `Make it ${next}`;
  button.ariaLabel = `${button.textContent}: ${one("b", button.previousSibling).textContent}`; // one of several
  button.disabled = Boolean(busy) && !name;
  button.dataset.region = name || "";
}

// The region that was made of it, if it is there. All are asked after at once, so each scene is gone through once.
function regionAt(box) {
  const { regions } = state.scene;
  if (named.regions !== regions) Object.assign(named, { regions, names: namesByBox(regions) });
  return named.names.get(String(box));
}

function onButton(button) {
  if (button.dataset.region) insert(button.dataset.region);
  else makeRegion(/** @type {Box} */ (boxOf(button.previousSibling)));
}

// Listening ------------------------------------------------------------------------------------------

function point(event) {
  const link = closest(event, LINKS);
  change({ part: link ? boxOf(link) : null });
}

document.addEventListener("pointerover", (event) => {
  if (closest(event, LINKS) || state.part) point(event);
});
document.addEventListener("focusin", (event) => {
  const row = closest(event, "#chat .look");
  const link = row?.querySelector("a");
  held = link ? { hash: link.hash, isButton: Boolean(closest(event, ".look-make")) } : null;
  point(event);
});
document.addEventListener("focusout", () => change({ part: null }));
document.addEventListener("click", (event) => {
  const button = closest(event, "#chat .look-make");
  if (button) return onButton(button);
  const link = closest(event, LINKS);
  const box = link && boxOf(link);
  if (!link) return;
  event.preventDefault();
  if (box) zoomToPart(box);
});
document.addEventListener("keydown", (event) => {
  const link = event.key === " " ? closest(event, LINKS) : null;
  if (!link) return;
  event.preventDefault();
  link.click();
});
image.addEventListener("load", () => {
  kept.clear();
  for (const crop of crops()) {
    inView.unobserve(crop); // so that it is told again what is in view
    inView.observe(crop);
  }
});
onChange(["drawn"], () => {
  for (const button of all("#chat .look-make")) writeButton(button);
});
