// Writes which model runs and on what; the advice stands beside it where there is room. Where models may be
// chosen, the panel below lists them, and every tab asks the server now and then whether another one runs.
import { change } from "../canvas/state.js";
import { onAnswer } from "../shared/answers.js";
import { component } from "../shared/components.js";
import { all, buttonNode, focused, node, one } from "../shared/nodes.js";

/** @type {import("../shared/component.d.ts").Component<import("./status.d.ts").StatusValue>} */
const { element, props, trigger, watch } = component("models/status");
const TEXTS = { ".status-text": "status", ".advice": "advice", ".status-advice": "advice", ".status-why": "why" };
const QUIET_MS = 4000; // between two looks at the server; a second tab may have chosen
const LOOK_MS = 250; // the same while servers are looked for
const BUSY_MS = 500; // the same while a model is fetched or loaded, or while the panel is open
const status = one("#status", element);
const panel = one(".models", status);
const list = one(".models-list", panel);
const other = one(".models-other", panel);
const servers = one(".servers", panel);
const served = one(".servers-list", servers);
const address = one("form", servers);
const typing = one(".servers-type", servers);
const looking = one(".servers-said", servers);
const LOOKING = looking.textContent;
const drawn = new Map(); // what each list shows
/** @type {import("./status.d.ts").ModelRow[]} */
let first = []; // the models of servers that were known when the panel was opened
let doing = ""; // what the server does about another model, in words
let measured = false; // whether the server has been asked how slow large models are here

function write() {
  const { value } = props;
  for (const [place, name] of Object.entries(TEXTS)) {
    one(place, element).textContent = value[name] || "";
  }
  one("summary", status).title = value.may_switch ? "Which model runs; choose another" : value.why || "";
  one(".advice", element).title = value.advice || "";
  change({ advice: value.advice || "", drawnOnly: Boolean(value.drawn_only) });
  tell(value);
  if (value.doing) soon();
  panel.hidden = !value.may_switch;
}

/** @param {import("./status.d.ts").StatusValue} value */
function writeModels(value) {
  if (!value.may_switch) return;
  say(value.said, true);
  const isFirst = value.rows?.length && !drawn.has(list);
  if (value.rows?.length) {
    one(".models-best", panel).textContent = value.best;
    drawModels(list, value.rows, value);
  }
  if (drawn.has(list)) writeServers(value);
  if (isFirst) placeServers(value.served || []);
  if (!measured && !value.doing && value.rows?.some(({ guessed }) => guessed)) {
    measured = true;
    trigger("models", { kind: "measure" });
  }
}

/**
 * Tell the whole page what is done about another model.
 * @param {{ doing?: string, share?: number | null, coming?: string }} told
 */
function tell(told) {
  const model = props.value?.status || "";
  change({ model, doing: told.doing || "", share: told.share ?? null, coming: told.coming || "" });
  writeDoing(told.doing || "");
}

// What is being done is told by the header itself, to those who do not open the panel.
function writeDoing(words) {
  doing = words;
  status.toggleAttribute("data-doing", Boolean(words));
  one(".status-text", status).textContent = words || props.value?.status || "";
  // Rows stay where the keyboard is; the other controls are switched off.
  for (const open of all(".model-open", panel)) {
    open.setAttribute("aria-disabled", Boolean(words) || "off" in open.dataset);
  }
  for (const control of all("form *, .model-fetch", panel)) control.disabled = Boolean(words);
  const stop = one(".models-stop", panel);
  const [, what] = words.match(/^(Fetching|Preparing)/) || [];
  if (what && !stop) one(".models-said", panel).after(stopButton());
  else if (!what) stop?.remove();
  if (what) one(".models-stop", panel).textContent = `Stop ${what.toLowerCase()}`;
  if (words) say(words, false);
}

function say(text, failed) {
  const place = one(".models-said", panel);
  place.setAttribute("aria-live", failed ? "polite" : "off");
  place.textContent = text || "";
  place.classList.toggle("failed", Boolean(text) && failed);
}

function stopButton() {
  const stop = buttonNode({ class: "models-stop" }, "");
  stop.addEventListener("click", () => trigger("models", { kind: "stop" }));
  return stop;
}

/** @param {import("./status.d.ts").StatusValue} value */
function writeServers(value) {
  const found = value.served || [];
  const held = new Set(first.map(({ source }) => source));
  const known = first.map((row) => found.find(({ source }) => source === row.source) ?? row);
  const late = found.filter(({ source }) => !held.has(source));
  drawModels(served, first.length ? known : late, value);
  drawModels(one(".servers-late", panel), first.length ? late : [], value);
  const words = value.looking ? LOOKING : "None was found on its usual port.";
  looking.textContent = found.length || first.length ? "" : words;
  if (value.looking) setTimeout(() => trigger("models", { kind: "found" }), LOOK_MS);
}

// What is known when the panel opens stands first; what comes later comes below all else, and what goes
// stays until then, so that nothing moves under a hand.
/** @param {import("./status.d.ts").ModelRow[]} found */
function placeServers(found) {
  first = found;
  if (first.length) list.before(servers);
  else other.after(servers);
}

// The list ---------------------------------------------------------------------------------------------

// Rows that say the same stay, so that none is exchanged under a hand.
/** @param {Element} place @param {import("./status.d.ts").ModelRow[]} rows @param {import("./status.d.ts").StatusValue} value */
function drawModels(place, rows, { order, typed }) {
  const drawing = JSON.stringify([rows, order]);
  if (drawing !== drawn.get(place)) {
    const held = place.contains(document.activeElement) && focused(".models-list li")?.dataset.source;
    place.replaceChildren(...rows.map((row) => modelRow(row, order?.source === row.source ? order : null)));
    drawn.set(place, drawing);
    writeDoing(doing);
    if (held) openOf(place, held)?.focus();
    one(".model-fetch", place)?.focus();
  }
  if (typed) openOf(place, typed)?.focus();
}

function openOf(place, source) {
  return one(`[data-source="${CSS.escape(source)}"] .model-open`, place);
}

function modelRow({ source, title, state, line }, order) {
  const off = state === "unfit" || state === "runs";
  const open = buttonNode(
    { class: "model-open", "data-off": off ? "" : null, "aria-current": state === "runs" ? "true" : null },
    node("b", {}, title),
    node("span", {}, line),
  );
  open.addEventListener("click", () => {
    if (open.getAttribute("aria-disabled") === "true") return;
    trigger("models", { kind: "choose", source });
    soon();
  });
  return node("li", { class: state, "data-source": source }, open, order ? fetchQuestion(order) : "");
}

function fetchQuestion({ source, text, button }) {
  const yes = buttonNode({ class: "model-fetch primary" }, button);
  const no = buttonNode({ class: "model-not" }, "Not now");
  yes.addEventListener("click", () => {
    trigger("models", { kind: "fetch", source });
    soon();
  });
  no.addEventListener("click", (event) => {
    event.stopPropagation(); // the row is gone by the time that the document asks where the click was
    trigger("models", { kind: "look" });
  });
  return node("div", { class: "model-ask", role: "group", "aria-label": text }, node("p", {}, text), yes, no);
}

other.addEventListener("submit", (event) => {
  event.preventDefault();
  const name = one("input", other).value.trim();
  if (!name) return;
  trigger("models", { kind: "other", name });
  soon();
});

typing.addEventListener("click", () => {
  address.hidden = !address.hidden;
  typing.setAttribute("aria-expanded", !address.hidden);
  if (!address.hidden) one("input", address).focus();
});
address.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = one("input", address).value.trim();
  if (!text) return;
  say(`Asking ${text}…`, false);
  trigger("models", { kind: "server", address: text });
  soon();
});

// Looking at the server --------------------------------------------------------------------------------

let timer = 0;

async function look() {
  if (!document.hidden) await askHealth();
  clearTimeout(timer);
  if (isWatched()) timer = setTimeout(look, doing || status.open ? BUSY_MS : QUIET_MS);
}

// The first model may still be on its way where no other can be chosen.
function isWatched() {
  return Boolean(props.value?.may_switch || doing);
}

async function askHealth() {
  try {
    const health = await (await fetch("health")).json();
    if (health.changes !== props.value.changes) trigger("models", { kind: "look" });
    else if (health.doing !== doing) tell(health);
  } catch {
    // The server is away; Gradio says so.
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(look, BUSY_MS / 2);
}

// Opening and closing ----------------------------------------------------------------------------------

status.addEventListener("toggle", () => {
  if (!status.open || !props.value?.may_switch) return;
  if (drawn.has(list)) {
    placeServers(props.value.served || []);
    writeServers({ ...props.value, looking: false, typed: "" });
  }
  trigger("models", { kind: "look" });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !status.open) return;
  status.open = false;
  if (status.contains(document.activeElement) || document.activeElement === document.body) {
    one("summary", status).focus();
  }
});
document.addEventListener("click", (event) => {
  if (!status.contains(event.target)) status.open = false;
});
watch("value", write);
write();
onAnswer({ props, watch }, writeModels);
if (isWatched()) look();
