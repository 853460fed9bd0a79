// The parts of the canvas that several modules draw on. They stand in canvas.html and are never replaced.
import { component } from "../shared/components.js";
import { one } from "../shared/nodes.js";

/** @type {import("../shared/component.d.ts").Component<Partial<import("./scene.d.ts").Scene> | null, { advice: string }>} */
const canvas = component("canvas/canvas");
export const { element, props, trigger, watch } = canvas;
export const stage = one("#canvas", element);
export const view = one(".view", stage);
export const sheet = one(".sheet", stage);
/** @type {HTMLImageElement} */
export const image = one("img", sheet);
export const overlay = one("svg", sheet);
export const tags = one(".tags", sheet);
export const bar = one(".canvas-bar", element);
export const layers = one(".layers", element);
export const cards = one("#regions", element);
