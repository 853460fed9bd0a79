// What people should know about their picture before they ask: a sentence, the ways out, and a button
// that opens an example of what the model does know.
import { component } from "../shared/components.js";
import { closest, node, one } from "../shared/nodes.js";

const { element, props, trigger, watch } = component("gallery/notice");
const place = one(".notice", element);

function write() {
  const { text, ways = [] } = props.value || {};
  const lines = text ? [node("p", { class: "notice-text" }, text), ...ways.map(drawWay)] : [];
  if (text && props.example !== null) lines.push(node("button", { type: "button" }, "Open a drawn example"));
  place.replaceChildren(...lines);
}

function drawWay([text, command]) {
  return node("p", { class: "notice-way" }, `${text} `, node("code", {}, command));
}

element.addEventListener("click", (event) => {
  if (closest(event, "button")) trigger("choose", { index: props.example });
});
watch("value", write);
write();
