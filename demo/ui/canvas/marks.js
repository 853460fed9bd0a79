// The marks of the regions on the picture: a group of shapes and a label for each object.
// They are kept as long as nothing of their object changes, so that an act or an answer draws only what
// is new, and 120 regions stay quick. Every group and label says data-region, data-object and data-turn.
import { onChange, outlines, regionOf, shownObjects, state } from "./state.js";
import { overlay, tags } from "./parts.js";
import { alike, area, edges } from "./geometry.js";
import { drawTag } from "./labels.js";
import { closest, focused, one, shape } from "../shared/nodes.js";

/** @typedef {import("./state.d.ts").Mark} Mark */

const foundLayer = one(".found", overlay);
export const marksLayer = one(".marks", overlay);
const fills = shape("g", { class: "fills" });
const over = shape("g", { class: "over", "aria-hidden": "true" }); // the region that is lit
/** By the object's name: its nodes and what they were drawn of. @type {Map<string | null, Mark>} */
export const marks = new Map();
/** The object that the keyboard was at last, where the Tab key comes back to; arrow keys go on from there (cite.js). @type {string | null} */
let current = null;

/** Draw the scene's regions, and what the running turn has found so far. */
export function drawMarks() {
  const from = focused("#canvas [data-object]")?.dataset.object;
  const shown = shownObjects();
  /** @type {typeof marks} */
  const now = new Map(shown.map((item) => [item.object.id, markOf(item)]));
  for (const [name, mark] of marks) if (!now.has(name)) takeAway(mark);
  marks.clear();
  now.forEach((mark, name) => marks.set(name, mark));
  const rank = ({ region }) => state.ranks[region.id] || 0;
  // Small ones on top, unless they were put elsewhere by hand.
  const bySize = [...shown].sort((a, b) => rank(a) - rank(b) || area(b.object.box) - area(a.object.box));
  arrange(marksLayer, bySize.map(({ object }) => knownMark(object.id).group));
  arrange(fills, bySize.map(({ object }) => knownMark(object.id).fill));
  arrange(tags, shown.map(({ object }) => knownMark(object.id).tag));
  const { provisional, tone } = state.scene;
  foundLayer.replaceChildren(
    ...provisional.map((found) => shape("g", { class: "object provisional", "data-tone": tone }, ...outlineOf(found))),
  );
  dashTwins(bySize);
  showTabStop();
  if (from) objectNode(from)?.focus({ preventScroll: true }); // a group that moves loses the focus
}

// Whatever else is drawn where it lies; without its white rim, which would cover the keyboard's.
function drawOver() {
  const { lit, only, step } = state;
  const region = regionOf(lit);
  const isSeen = region && [null, region.id].includes(only) && (region.turn ?? 0) <= (step ?? Infinity);
  over.replaceChildren(...shownObjects().filter((item) => isSeen && item.region === region).map(drawLit));
}

function drawLit({ region, object }) {
  const lines = outlineOf(object).filter(({ classList }) => classList.contains("mask") || classList.contains("box"));
  return shape("g", { class: kindsOf(region, object), "data-tone": region.tone }, ...lines);
}

/** The mark of an object that is known to be shown. @param {string | null} name */
export function knownMark(name) {
  return /** @type {Mark} */ (marks.get(name));
}

/** The group of an object, if it is shown. */
export function objectNode(name) {
  return marks.get(name)?.group;
}

/** The object before or after this one on the picture, as its group. */
export function neighbour(from, step) {
  const names = shownObjects().map(({ object }) => object.id);
  return objectNode(names[(names.indexOf(from) + step + names.length) % names.length]);
}

/** The object that comes first on the picture, or last, as its group. @param {0 | -1} place */
export function endmost(place) {
  return objectNode(shownObjects().at(place)?.object.id);
}

// One stop for all, at first the newest region. Where arrow keys move a box in hand, every object is one.
function showTabStop() {
  const shown = shownObjects();
  const newest = shown.find(({ region }) => region === shown.at(-1)?.region);
  const stop = marks.has(current) ? current : newest?.object.id;
  for (const [name, { group }] of marks) {
    group.setAttribute("tabindex", state.tool === "correct" || name === stop ? "0" : "-1");
  }
}

// The mark as it is, if nothing that it shows has changed, else a new one.
function markOf({ region, object }) {
  const many = region.objects.length > 1;
  const { tone, title, turn, unsure } = region;
  const text = JSON.stringify([tone, title, turn, unsure, many, object, outlines.has(object.mask)]);
  const old = marks.get(object.id);
  if (old?.text === text) return dress(Object.assign(old, { region, object }));
  const data = { "data-tone": region.tone, "data-turn": region.turn };
  const group = shape(
    "g",
    {
      class: `object ${kindsOf(region, object)}`,
      role: "button",
      tabindex: "-1",
      "data-region": region.id,
      "data-object": object.id,
      ...data,
    },
    shape("title", {}),
    ...outlineOf(object),
  );
  const tag = drawTag(region, object, data);
  if (old) takeAway(old);
  return dress({ text, group, tag, fill: fillOf(region, object), region, object });
}

// What its lines say: a guess is dotted, an uncertain outline dashed.
function kindsOf({ unsure }, { doubt }) {
  return [unsure && "unsure", doubt && "unclear"].filter(Boolean).join(" ");
}

function takeAway({ group, tag, fill }) {
  for (const part of [group, tag, fill]) part.remove();
}

// A later answer makes a mark quieter, and changes nothing else of it.
function dress(mark) {
  for (const part of [mark.group, mark.tag, mark.fill]) part.classList.toggle("earlier", mark.region.earlier);
  return mark;
}

// All fills lie in one layer, where their opacities do not add up.
function fillOf({ id, tone, unsure }, { mask }) {
  const d = outlines.get(mask) || "";
  return shape("path", {
    class: unsure ? "unsure" : null,
    "data-of": id,
    "data-tone": tone,
    d,
    "fill-rule": "evenodd",
  });
}

// Puts the nodes in this order and moves only those that stand elsewhere.
function arrange(parent, wanted) {
  let place = parent.firstChild;
  for (const child of wanted) {
    if (child === place) place = place.nextSibling;
    else parent.insertBefore(child, place);
  }
}

function outlineOf({ box, point, mask }) {
  const corners = edges(box);
  const parts = [shape("rect", { class: "hit", ...corners })];
  if (outlines.has(mask)) parts.push(shape("path", { class: "mask", d: outlines.get(mask), "fill-rule": "evenodd" }));
  parts.push(shape("rect", { class: "casing", ...corners }), shape("rect", { class: "box", ...corners }));
  if (point) parts.push(drawPoint(point));
  return parts;
}

/** A point. A line without length and with round ends is a disc; it keeps its width whatever the zoom. */
export function drawPoint([x, y]) {
  const d = `M${x + 0.5} ${y + 0.5}h0`;
  return shape("g", { class: "point" }, shape("path", { d }), shape("path", { d }));
}

// A box that is almost the same as a larger one is dashed, so that both are seen.
function dashTwins(bySize) {
  bySize.forEach(({ object }, i) => {
    const twin = bySize.slice(0, i).some((other) => alike(other.object.box, object.box));
    knownMark(object.id).group.classList.toggle("twin", twin);
  });
}

// Not on the layer: parts of a drawing that listen to the keyboard's place become places of their own.
document.addEventListener("focusin", (event) => {
  current = closest(event, "#canvas [data-object]")?.dataset.object ?? current;
  showTabStop();
});
onChange(["tool"], showTabStop);
marksLayer.before(fills);
marksLayer.after(over);
onChange(["lit", "drawn", "only", "step"], drawOver);
