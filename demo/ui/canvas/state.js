// The state of the canvas: what Python says (the scene), how it is looked at, and what is in hand.
// Everybody may read it and listen to it; it knows no node of the page.
import { createStore } from "../shared/store.js";

/** @typedef {import("./scene.d.ts").Scene} Scene */
/** @typedef {import("./state.d.ts").State} State */

/** @type {Scene} */
const EMPTY = {
  picture: null,
  name: "",
  width: 0,
  height: 0,
  regions: [],
  outlines: {},
  asides: {},
  provisional: [],
  busy: "",
  asked: "",
  look: null,
  within: null,
  tone: 1,
  next: "R1",
  turns: 0,
  authors: [],
  dialogues: [],
  dialogue: 0,
  kept: null,
  said: "",
  alarm: "",
  cut_out: null,
  serial: 0,
};

export const { state, change, onChange } = createStore(
  /** @type {State} */ ({
    scene: EMPTY,
    drawn: 0,
    advice: null,
    model: "",
    doing: "",
    share: null,
    coming: "",
    drawnOnly: false,
    place: null,
    zoom: 1,
    tool: "select",
    plus: true,
    pressed: false,
    held: null,
    moved: null,
    making: null,
    rubber: null,
    aim: null,
    corner: null,
    acts: [],
    asides: [],
    pointedTurn: null,
    lit: null,
    part: null,
    wholeAsked: 0,
    only: null,
    split: null,
    step: null,
    corners: [],
    chosen: [],
    shift: null,
    ranks: {},
  }),
);

/** The outlines of masks as SVG paths, by key; each comes once and is kept. @type {Map<string | null, string>} */
export const outlines = new Map();

/** The size of the picture in its pixels. @returns {import("./scene.d.ts").Size} */
export function pictureSize() {
  return [state.scene.width, state.scene.height];
}

/** The region with this name, or that an object with this name belongs to, or null. @param {string | null} [name] */
export function regionOf(name) {
  const id = name?.split(".")[0];
  return state.scene.regions.find((region) => region.id === id) || null;
}

/** The same for a name that is known to have one. @param {string | null} [name] */
export function knownRegion(name) {
  return /** @type {import("./scene.d.ts").Region} */ (regionOf(name));
}

/** Whether a region or an object has this name. @param {string} name */
export function exists(name) {
  const region = regionOf(name);
  return Boolean(region && (region.id === name || region.objects.some((object) => object.id === name)));
}

/** The regions with these names that are there. @param {string[]} ids */
export function regionsOf(ids) {
  return state.scene.regions.filter(({ id }) => ids.includes(id));
}

export function shownObjects() {
  return state.scene.regions.filter((region) => !region.hidden)
    .flatMap((region) => region.objects.map((object) => ({ region, object })));
}

/** Numbers are never given out twice, so a new region is one with a higher number. */
export function newestNumber() {
  return Math.max(0, ...state.scene.regions.map(({ id }) => Number(id.slice(1))));
}

/** The newest region, if it came after the number `before` was the newest. @param {number} before */
export function newRegion(before) {
  const newest = newestNumber();
  return newest > before ? regionOf(`R${newest}`) : null;
}

/** The mask of an object as an SVG path, if it has one and it is here. @param {{ mask: string | null }} object */
export function outlinePath({ mask }) {
  return outlines.get(mask) || null;
}

/** The name of the object that is being made or corrected, if any. */
export function inHand() {
  return state.held || state.making?.object || null;
}
