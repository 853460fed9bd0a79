// One of the two pictures: what a model has found in a round, drawn over the picture with names of their own.
import { edges } from "../canvas/geometry.js";
import { node, shape } from "../shared/nodes.js";
import { placeOf } from "./joint.js";

/**
 * @typedef {object} Drawn An object as it is drawn.
 * @property {string} name Empty for what has no name.
 * @property {import("../canvas/scene.d.ts").Box} box In picture pixels.
 * @property {string | null} path The outline of its mask, if there is one.
 * @property {"own" | "other" | "alone" | "given" | "truth"} kind
 * @property {number | null} tone The number of its colour; null for the colour of its kind.
 */
/** @typedef {{ caption: string, spoken: string, objects: Drawn[] }} Content */
/** @typedef {{ element: HTMLElement, view: HTMLElement, draw: (content: Content, picture: Shown) => void, place: (view: import("./joint.js").View) => void, size: () => [number, number], point: (at: [number, number] | null) => void }} Side `point` marks a place of the picture, 0 to 1. */
/** @typedef {{ url: string, size: import("../canvas/scene.d.ts").Size }} Shown */

const ASIDES = { other: "model", alone: "model", truth: "truth" }; // whose colours those without a tone have

/** A picture beside another one, still empty. @returns {Side} */
export function createSide() {
  const caption = node("figcaption", { dir: "auto" });
  const image = node("img", { alt: "", draggable: "false" });
  const drawing = shape("svg", { role: "img" });
  const tags = node("div", { "aria-hidden": "true" });
  const dot = node("i", { class: "side-dot", "aria-hidden": "true", hidden: "" });
  const sheet = node("div", { class: "side-sheet" }, image, drawing, tags, dot);
  const view = node("div", { class: "side-view" }, sheet);
  /** @type {import("../canvas/scene.d.ts").Size} */
  let size = [1, 1];

  function draw(/** @type {Content} */ content, /** @type {Shown} */ picture) {
    size = picture.size;
    if (image.getAttribute("src") !== picture.url) image.src = picture.url;
    caption.textContent = content.caption;
    drawing.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
    drawing.setAttribute("aria-label", content.spoken);
    drawing.replaceChildren(...content.objects.map(drawObject));
    tags.replaceChildren(...content.objects.filter(({ name }) => name).map((object) => drawTag(object, size)));
  }

  /** @returns {[number, number]} */
  function paneSize() {
    return [view.clientWidth, view.clientHeight];
  }

  function place(/** @type {import("./joint.js").View} */ seen) {
    const at = placeOf(seen, { pane: paneSize(), picture: size });
    for (const [name, value] of Object.entries(at)) sheet.style.setProperty(name, `${value}px`);
    sheet.classList.toggle("coarse", at.width / size[0] >= 4);
  }

  function point(/** @type {[number, number] | null} */ at) {
    dot.hidden = !at;
    if (at) dot.style.translate = `${at[0] * sheet.offsetWidth}px ${at[1] * sheet.offsetHeight}px`;
  }

  return { element: node("figure", { class: "side" }, caption, view), view, draw, place, size: paneSize, point };
}

/** @param {Drawn} object */
function drawObject({ box, path, kind, tone }) {
  const corners = edges(box);
  const outline = path ? [shape("path", { class: "side-mask", d: path, "fill-rule": "evenodd" })] : [];
  return shape(
    "g",
    { "data-kind": kind, ...colourOf(kind, tone) },
    ...outline,
    shape("rect", { class: "side-rim", ...corners }),
    shape("rect", { class: "side-line", ...corners }),
  );
}

/** @param {Drawn} object @param {import("../canvas/scene.d.ts").Size} size */
function drawTag({ name, box: [x1, y1], kind, tone }, [width, height]) {
  const place = `left: ${(100 * x1) / width}%; top: ${(100 * y1) / height}%`;
  const inside = y1 < 0.08 * height ? "" : null; // above it there is no room
  return node("b", {
    class: "side-tag",
    "data-kind": kind,
    "data-inside": inside,
    style: place,
    ...colourOf(kind, tone),
  }, name);
}

/** @param {Drawn["kind"]} kind @param {number | null} tone */
function colourOf(kind, tone) {
  return tone === null ? { "data-aside": ASIDES[kind] ?? null } : { "data-tone": tone };
}
