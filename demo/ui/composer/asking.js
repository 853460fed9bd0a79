// How the next questions of this tab are asked; only where the model that runs can be asked in several ways. A choice
// outlives a reload.
import { component } from "../shared/components.js";
import { all, one, storage } from "../shared/nodes.js";

/** @type {import("../shared/component.d.ts").Component<{ way: string, ways: string[] } | null>} */
const { element, props, trigger, watch } = component("composer/asking");
const choice = /** @type {HTMLSelectElement} */ (one("select", element));
const CHOSEN = "regionreasoner.asking";

function write() {
  const { way = "", ways = [] } = props.value || {};
  choice.hidden = !way;
  for (const option of all("option", choice)) option.hidden = option.disabled = !ways.includes(option.value);
  if (way) choice.value = way;
}

function choose() {
  storage((items) => items.setItem(CHOSEN, choice.value), "sessionStorage");
  trigger("choose", { way: choice.value });
}

choice.addEventListener("change", choose);
watch("value", write);
write();
const chosen = storage((items) => items.getItem(CHOSEN), "sessionStorage");
if (chosen && props.value?.ways.includes(chosen)) {
  choice.value = chosen;
  choose();
}
