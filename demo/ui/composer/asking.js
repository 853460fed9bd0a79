// How the next questions of this tab are asked; only where the model that runs can be asked in several ways.
import { component } from "../shared/components.js";
import { all, one } from "../shared/nodes.js";

/** @type {import("../shared/component.d.ts").Component<{ way: string, ways: string[] } | null>} */
const { element, props, trigger, watch } = component("composer/asking");
const choice = /** @type {HTMLSelectElement} */ (one("select", element));

function write() {
  const { way = "", ways = [] } = props.value || {};
  choice.hidden = !way;
  for (const option of all("option", choice)) option.hidden = option.disabled = !ways.includes(option.value);
  if (way) choice.value = way;
}

choice.addEventListener("change", () => trigger("choose", { way: choice.value }));
watch("value", write);
write();
