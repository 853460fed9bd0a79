// What can be done about a picture that the running model does not know: the ways out, best first, each with
// its button; the question before something is fetched; what is under way, which can be stopped.
import { onChange, state } from "../canvas/state.js";
import { onAnswer } from "../shared/answers.js";
import { component } from "../shared/components.js";
import { buttonNode, closest, focused, node, one } from "../shared/nodes.js";

/** @type {import("../shared/component.d.ts").Component<import("./notice.d.ts").NoticeValue | null, { example: number | null }>} */
const { element, props, trigger, watch } = component("gallery/notice");
const place = one(".notice", element);
let written = ""; // what is drawn, so that nothing is exchanged under a hand
/** @type {import("../models/status.d.ts").Order | null} */
let asked = null; // the question before something is fetched
let trouble = ""; // why what was chosen last does not run, until something else is chosen
let measured = false; // whether the server has been asked how slow large models are here
let found = false; // whether servers have been looked for since the picture is there
let stopping = false;
const LOOK_MS = 300; // between two questions what has been found

function write() {
  const { value } = props;
  const now = JSON.stringify([{ ...value, serial: 0 }, asked, trouble, isBusy()]);
  if (now === written) return;
  written = now;
  const held = place.contains(document.activeElement) ? focused(".way")?.dataset.source || "" : null;
  place.replaceChildren(...(value ? content(value) : []));
  writeProgress();
  if (held !== null) keepFocus(held);
}

// The keyboard goes to what was asked or begun, or stays at its way.
function keepFocus(source) {
  const next = one(".way-fetch, .way-stop:not([hidden])", place) ||
    one(`.way[data-source="${CSS.escape(source)}"] .way-take`, place) || one("button", place);
  next?.focus({ preventScroll: true });
  one(".way-fetch, .under-way", place)?.scrollIntoView({ block: "nearest" }); // a phone has little room
}

// A model is fetched or loaded, which was chosen here or in the list of models.
function isBusy() {
  return Boolean(state.coming);
}

/** @param {import("./notice.d.ts").NoticeValue} value */
function content({ text, note, ways }) {
  const busy = isBusy();
  const shown = busy ? ways.filter(({ kind }) => kind === "draw") : ways;
  return [
    node(
      "div",
      { class: "notice-head" },
      node("p", { class: "notice-text", role: "status" }, text, node("span", {}, " For this picture:")),
      buttonNode({ class: "notice-show", "aria-expanded": place.hasAttribute("data-open") }, "What to do"),
    ),
    trouble && !busy ? node("p", { class: "notice-said", role: "alert" }, trouble) : "",
    note ? node("p", { class: "notice-note" }, note) : "",
    busy ? underWay() : "",
    node("ul", { class: "ways" }, ...shown.map((way, i) => drawWay(way, i === 0 && !busy))),
    props.example === null ? "" : buttonNode({ class: "notice-example" }, "Open a drawn example"),
  ].filter(Boolean);
}

/** @param {import("./notice.d.ts").Way} way */
function drawWay(way, isBest) {
  const order = asked?.source === way.source && !isBusy() ? asked : null;
  return node(
    "li",
    { class: order ? "way asked" : "way", "data-source": way.source },
    node("p", {}, node("b", {}, way.title), node("span", {}, way.line)),
    buttonNode({ class: isBest ? "way-take primary" : "way-take", "data-kind": way.kind }, way.button),
    order ? question(order) : "",
  );
}

/** @param {import("../models/status.d.ts").Order} order */
function question({ text, button }) {
  return node(
    "div",
    { class: "way-ask", role: "group", "aria-label": text },
    node("p", {}, text),
    buttonNode({ class: "way-fetch primary" }, button),
    buttonNode({ class: "way-not" }, "Not now"),
  );
}

function underWay() {
  return node(
    "div",
    { class: "under-way" },
    node("p", { class: "under-way-doing" }),
    node("progress", { max: "1", "aria-label": "Fetched" }),
    node("span", { class: "under-way-share" }),
    buttonNode({ class: "way-stop" }, "Stop"),
    node("p", { class: "notice-note" }, "You can send your question now. It is asked as soon as the model is there."),
  );
}

// Only what changes is written, so that the button that stops stays where it is.
function writeProgress() {
  const doing = one(".under-way-doing", place);
  if (!doing) return;
  const { share } = state;
  doing.textContent = state.doing;
  one("progress", place).toggleAttribute("value", share !== null);
  if (share !== null) one("progress", place).value = share;
  one(".under-way-share", place).textContent = share === null ? "" : `${Math.floor(share * 100)} %`;
  const stop = one(".way-stop", place);
  stop.hidden = !(stopping || /^(Fetching|Preparing)/.test(state.doing));
  stop.disabled = stopping;
}

function take(way) {
  const { source = "" } = way.dataset;
  const { kind } = one(".way-take", way).dataset;
  if (kind === "draw") one("#workspace [data-tool=point]").click();
  else {
    trouble = "";
    trigger("way", { kind: "choose", source });
  }
}

function ask(order) {
  asked = order;
  write();
}

function setOpen(open) {
  place.toggleAttribute("data-open", open);
  one(".notice-show", place)?.setAttribute("aria-expanded", open);
}

element.addEventListener("click", (event) => {
  const button = closest(event, "button");
  if (!button) return;
  const way = closest(event, ".way");
  if (button.matches(".notice-show")) setOpen(!place.hasAttribute("data-open"));
  else if (button.matches(".notice-example")) trigger("choose", { index: props.example });
  else if (button.matches(".way-take")) take(way);
  else if (button.matches(".way-not")) ask(null);
  else if (button.matches(".way-fetch")) {
    trigger("way", { kind: "fetch", source: way.dataset.source });
    ask(null);
  } else if (button.matches(".way-stop")) {
    stopping = true;
    writeProgress();
    trigger("way", { kind: "stop" });
  }
});
onChange(["coming"], () => {
  stopping = false;
  setOpen(false);
  write();
});
onChange(["doing", "share"], writeProgress);
// What can be done here is looked for when it is asked for: servers, and how slow models are.
function look({ looking, guessed, note }) {
  if (note) return; // nothing can be chosen, or not yet
  if (!found) {
    found = true;
    trigger("way", { kind: "look" });
  } else if (looking) setTimeout(() => trigger("way", { kind: "found" }), LOOK_MS);
  else if (guessed && !measured && !isBusy()) {
    measured = true;
    trigger("way", { kind: "measure" });
  }
}

watch("value", () => {
  if (!props.value) [found, trouble] = [false, ""];
  write();
});
onAnswer({ props, watch }, (value) => {
  trouble = value.said || trouble;
  write();
  look(value);
});
onAnswer({ props, watch }, ({ order }) => order && ask(order));
write();
