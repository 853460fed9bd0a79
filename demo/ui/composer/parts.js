// The parts of the line above the message, which several modules draw on.
import { component } from "../shared/components.js";
import { one } from "../shared/nodes.js";

export const { element, props, trigger, watch } = component("composer/hint");
export const line = one(".hint", element);
export const cites = one(".cites", element);
export const peek = one(".peek", element);
export const list = one(".offer", element);
