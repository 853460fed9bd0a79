// How the next questions of this tab are asked; only where the model that runs can be asked in two ways.
import { component } from "../shared/components.js";
import { one } from "../shared/nodes.js";

/** @type {import("../shared/component.d.ts").Component<string>} */
const { element, props, trigger, watch } = component("composer/asking");
const choice = /** @type {HTMLSelectElement} */ (one("select", element));

function write() {
  choice.hidden = !props.value;
  if (props.value) choice.value = props.value;
}

choice.addEventListener("change", () => trigger("choose", { way: choice.value }));
watch("value", write);
write();
