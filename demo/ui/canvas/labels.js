// The labels of the regions and of what stands beside them, on the picture. Where they go is placement.js's.
import { pictureSize } from "./state.js";
import { stage, tags } from "./parts.js";
import { viewWidth } from "./view.js";
import { placeLabels, placePointed } from "./placement.js";
import { node } from "../shared/nodes.js";

// All sizes are in pixels as canvas.css has them, which the size of the reader's letters makes larger.
const MAX_WIDTH = 190;
const LETTERS = 12.5; // this and the padding as in canvas.css
const PADDING = 14;
const ROOT = 16; // pixels of the usual letters, which the style sheet is written for
const WORDY = 480; // a picture shown in less than this has room for names alone
const widths = new Map(); // text → [name alone, full]; letters do not change their size with the zoom
// Measured with the letters alone: reading the sizes of nodes would lay out the page once more.
const pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));

/**
 * The label of an object.
 * @param {import("./scene.d.ts").Region} region @param {import("./scene.d.ts").RegionObject} object
 * @param {Record<string, unknown>} data
 */
export function drawTag(region, object, data) {
  const many = region.objects.length > 1;
  const tag = node(
    "div",
    { class: "tag", "data-of": region.id, "data-object-of": object.id, ...data },
    node("b", {}, many ? object.id : region.id),
  );
  if (region.title && object === region.objects[0]) tag.append(node("span", {}, ` ${region.title}`));
  return tag;
}

/**
 * Put these labels in their places; the first ones choose first.
 * @param {import("./state.d.ts").Tagged[]} marks @param {number} scale
 */
export function placeTags(marks, scale) {
  const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / ROOT; // screen pixels
  const terse = viewWidth() / unit < WORDY; // where the picture is small, only the list has the words
  stage.toggleAttribute("data-terse", terse);
  const enlarged = scale / unit;
  /** @type {[number, number]} */
  const room = [pictureSize()[0] * enlarged, pictureSize()[1] * enlarged];
  const limit = Math.min(room[0], MAX_WIDTH, Math.max(90, room[0] * 0.55));
  const labels = marks.map(({ tag, object }) => {
    const [short, whole] = tagWidths(tag).map((width) => Math.min(width, limit));
    const box = object.box.map((value) => value * enlarged);
    return {
      tag,
      short,
      full: terse ? short : whole,
      box,
      middle: [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2],
      taken: null,
    };
  });
  placeLabels(labels, room);
  for (const label of labels) showTag(label, limit, room, unit);
}

function tagWidths(tag) {
  const text = tag.textContent;
  if (!widths.has(text)) {
    const [name, words = { textContent: "" }] = tag.children;
    const family = getComputedStyle(tags).fontFamily;
    const width = ({ textContent }, weight) => {
      pen.font = `${weight} ${LETTERS}px ${family}`;
      return pen.measureText(textContent).width;
    };
    const short = width(name, 700) + PADDING;
    widths.set(text, [Math.ceil(short), Math.ceil(short + width(words, 400))]);
  }
  return widths.get(text);
}

function showTag(label, limit, room, unit) {
  const { tag, full, taken } = label;
  const [at, pointed] = [taken || [0, 0], placePointed(label, room)].map(([x, y]) =>
    `${Math.round(x * unit)}px ${Math.round(y * unit)}px`
  );
  tag.style.cssText = `max-width: ${limit * unit}px; --at: ${at}; --lit-at: ${pointed}`;
  tag.classList.toggle("short", Boolean(taken) && taken[2] < full);
  tag.classList.toggle("crowded", !taken);
}
