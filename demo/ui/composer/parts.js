// The parts of the line above the message, which several modules draw on.
import { component } from "../shared/components.js";
import { one } from "../shared/nodes.js";

/** @type {import("../shared/component.d.ts").Component<import("./hint.d.ts").HintValue | null>} */
const hint = component("composer/hint");
export const { element, props, trigger, watch } = hint;
export const line = one(".hint", element);
export const cites = one(".cites", element);
export const peek = one(".peek", element);
export const list = one(".offer", element);
