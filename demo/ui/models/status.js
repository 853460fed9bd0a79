// Writes which model runs and on what; the advice stands beside it where there is room. Where models may be
// chosen, the panel below lists them, and every tab asks the server now and then whether another one runs.
const texts = { ".status-text": "status", ".advice": "advice", ".status-advice": "advice", ".status-why": "why" };
const QUIET_MS = 4000; // between two looks at the server; a second tab may have chosen
const BUSY_MS = 500; // while a model is fetched or loaded, or while the panel is open
const status = element.querySelector("#status");
const panel = status.querySelector(".models");
const list = panel.querySelector(".models-list");
const other = panel.querySelector(".models-other");
let doing = ""; // what the server does about another model, in words
let answered = null; // the serial number that is shown
let measured = false; // whether the server has been asked how slow large models are here

function write() {
  const value = props.value || {};
  for (const [place, name] of Object.entries(texts)) {
    element.querySelector(place).textContent = value[name] || "";
  }
  status.querySelector("summary").title = value.may_switch ? "Which model runs; choose another" : value.why || "";
  element.querySelector(".advice").title = value.advice || "";
  document.dispatchEvent(new CustomEvent("advice-known", { detail: value.advice || "" }));
  writeDoing(value.doing || "");
  panel.hidden = !value.may_switch;
  if (!value.may_switch || value.serial === answered) return;
  answered = value.serial;
  say(value.said, true);
  if (value.rows?.length) drawModels(value);
  if (!measured && !value.doing && value.rows?.some(({ guessed }) => guessed)) {
    measured = true;
    trigger("models", { kind: "measure" });
  }
}

// What is being done is told by the header itself, to those who do not open the panel.
function writeDoing(words) {
  doing = words;
  status.toggleAttribute("data-doing", Boolean(words));
  status.querySelector(".status-text").textContent = words || props.value?.status || "";
  // Rows stay where the keyboard is; the other controls are switched off.
  for (const open of panel.querySelectorAll(".model-open")) open.setAttribute("aria-disabled", Boolean(words) || "off" in open.dataset);
  for (const control of panel.querySelectorAll(".models-other *, .model-fetch")) control.disabled = Boolean(words);
  const stop = panel.querySelector(".models-stop");
  if (words.startsWith("Fetching") && !stop) panel.querySelector(".models-said").after(stopButton());
  else if (!words.startsWith("Fetching")) stop?.remove();
  if (words) say(words, false);
}

function say(text, failed) {
  const place = panel.querySelector(".models-said");
  place.textContent = text || "";
  place.classList.toggle("failed", Boolean(text) && failed);
}

function stopButton() {
  const stop = node("button", { type: "button", class: "models-stop" }, "Stop fetching");
  stop.addEventListener("click", () => trigger("models", { kind: "stop" }));
  return stop;
}

// The list ---------------------------------------------------------------------------------------------

function drawModels({ rows, order }) {
  const held = document.activeElement?.closest(".models-list li")?.dataset.source;
  list.replaceChildren(...rows.map((row) => modelRow(row, order?.source === row.source ? order : null)));
  writeDoing(doing);
  const asked = list.querySelector(".model-fetch");
  if (asked) asked.focus();
  else if (held) list.querySelector(`[data-source="${CSS.escape(held)}"] .model-open`)?.focus();
}

function modelRow({ source, title, state, line }, order) {
  const off = state === "unfit" || state === "runs";
  const open = node("button", {
    type: "button", class: "model-open", "data-off": off ? "" : null, "aria-current": state === "runs" ? "true" : null,
  }, node("b", {}, title), node("span", {}, line));
  open.addEventListener("click", () => {
    if (open.getAttribute("aria-disabled") === "true") return;
    trigger("models", { kind: "choose", source });
    soon();
  });
  return node("li", { class: state, "data-source": source }, open, order ? fetchQuestion(order) : "");
}

function fetchQuestion({ source, text, button }) {
  const yes = node("button", { type: "button", class: "model-fetch primary" }, button);
  const no = node("button", { type: "button", class: "model-not" }, "Not now");
  yes.addEventListener("click", () => { trigger("models", { kind: "fetch", source }); soon(); });
  no.addEventListener("click", (event) => {
    event.stopPropagation(); // the row is gone by the time that the document asks where the click was
    trigger("models", { kind: "look" });
  });
  return node("div", { class: "model-ask", role: "group", "aria-label": text }, node("p", {}, text), yes, no);
}

other.addEventListener("submit", (event) => {
  event.preventDefault();
  const name = other.querySelector("input").value.trim();
  if (!name) return;
  trigger("models", { kind: "other", name });
  soon();
});

// Looking at the server --------------------------------------------------------------------------------

let timer = 0;

async function look() {
  if (!document.hidden) await told();
  clearTimeout(timer);
  if (isWatched()) timer = setTimeout(look, doing || status.open ? BUSY_MS : QUIET_MS);
}

// The first model may still be on its way where no other can be chosen.
function isWatched() {
  return Boolean(props.value?.may_switch || doing);
}

async function told() {
  try {
    const health = await (await fetch("health")).json();
    if (health.changes !== props.value.changes) trigger("models", { kind: "look" });
    else if (health.doing !== doing) writeDoing(health.doing);
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
  if (status.open && props.value?.may_switch) trigger("models", { kind: "look" });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !status.open) return;
  status.open = false;
  if (status.contains(document.activeElement) || document.activeElement === document.body) status.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  if (!status.contains(event.target)) status.open = false;
});
watch("value", write);
write();
if (isWatched()) look();
