// The examples as cards: a click opens one, ▶ opens it and plays its whole dialogue, unless the model that runs
// would only guess. They lie below the
// empty canvas, and behind the button "Examples" once there is a picture.
import { onChange, state } from "../canvas/state.js";
import { component } from "../shared/components.js";
import { buttonNode, closest, icon, node, one, whenThere } from "../shared/nodes.js";

const { element, props, trigger, watch } = component("gallery/examples");
const list = one(".examples-list", element);
const block = element.closest("#examples") || element;

function card(example, index) {
  const open = buttonNode(
    { class: "example-open", "data-index": index },
    node("img", { src: example.picture, alt: "" }),
    node("b", {}, example.title),
    example.note ? node("span", {}, example.note) : "",
  );
  const label = `Play the dialogue about “${example.title}”`;
  const play = buttonNode(
    { class: "example-play", "data-index": index, "data-play": "", "aria-label": label, title: label },
    icon("play"),
    "Play",
  );
  return node("div", { class: "example" }, open, example.photograph && state.drawnOnly ? "" : play);
}

function write() {
  list.replaceChildren(...(props.value || []).map(card));
}

function toggle(open) {
  block.classList.toggle("open", open);
  one("#show-examples")?.setAttribute("aria-expanded", block.classList.contains("open"));
}

function choose({ index, play }) {
  trigger("choose", play === undefined ? { index: Number(index) } : { index: Number(index), play: true });
}

function closeAndGoBack() {
  toggle(false);
  one("#show-examples")?.focus();
}

document.addEventListener("click", (event) => {
  if (closest(event, "#show-examples")) return toggle();
  if (closest(event, ".examples-close")) return closeAndGoBack();
  const chosen = closest(event, "[data-index]");
  if (chosen && list.contains(chosen)) choose(chosen.dataset);
  if (chosen && event.detail === 0) whenThere("#message textarea", (message) => message.focus()); // by keyboard
  if (chosen || !block.contains(/** @type {Node} */ (event.target))) toggle(false);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !block.classList.contains("open")) return;
  event.preventDefault();
  closeAndGoBack();
});
one(".examples-close", element).append(icon("close"));
onChange(["drawnOnly"], write);
watch("value", write);
write();
