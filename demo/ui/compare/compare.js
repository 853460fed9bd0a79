// The form that compares models: it puts one question or the whole dialogue to another one, and shows what both
// have answered, on two pictures and in a table. Python sends what was answered; where it lies the canvas knows.
import { onChange, state } from "../canvas/state.js";
import { onAnswer } from "../shared/answers.js";
import { copyText } from "../shared/clipboard.js";
import { component } from "../shared/components.js";
import { all, buttonNode, closesByHand, focused, node, one, whenThere } from "../shared/nodes.js";
import { asCsv, asLatex, asMarkdown, tableOf } from "./cells.js";
import { createPictures, listenToViews, listenToZooms } from "./pictures.js";
import { drawTable, listenToRows } from "./table.js";

/** @typedef {import("./compare.d.ts").Comparison} Comparison */

/** @type {import("../shared/component.d.ts").Component<Comparison>} */
const { element, props, trigger, watch } = component("compare/compare");
const ANOTHER = "Another: a folder or hub id…";
const KEY =
  "Each round is put to the other model with the regions that the first one has found, so that both answer the same. " +
  "Its answers are kept with the dialogue and are no part of it. IoU is the mean over pairs, best first.";
const NONE = "Nothing has been asked yet. Ask about something in the picture first.";
const TYPE = "Type a folder with a checkpoint, or the hub id of one that was fetched before.";
const dialog = one("dialog", element);
const part = (/** @type {string} */ name) => one(`.compare-${name}`, dialog);
const form = part("form");
const select = one("select", form);
const typed = part("name");
const pictures = createPictures(part("pair"));
/** @type {Comparison} */
let compared = { serial: 0, first: "", others: [], rounds: [] };
let round = 0; // the number of the one that is shown
let hasOpened = false; // just now
let other = ""; // the model whose answers are shown

/** @param {Comparison} value */
function show(value) {
  compared = { ...compared, ...value };
  if (value.open) open(value.turn ?? 0);
  if (value.shown && value.others.includes(value.shown)) other = value.shown;
  if (!compared.others.includes(other)) other = compared.others.at(-1) ?? "";
  if (!compared.rounds.some(({ turn }) => turn === round)) round = compared.rounds.at(-1)?.turn ?? 0;
  if (value.models) drawModels(value.chosen ?? "");
  if ("said" in value) say(value.said ?? "", Boolean(value.failed));
  draw();
  if (hasOpened && other) showPictures();
  hasOpened = false;
}

// Where not all can be seen at once, what there is to see comes before what can be asked.
function showPictures() {
  const [body, pair] = [part("body"), part("pair")];
  const below = pair.getBoundingClientRect().bottom - body.getBoundingClientRect().bottom;
  if (below > 0) part("bar").scrollIntoView({ block: "start" });
}

/** @param {number} turn */
function open(turn) {
  round = turn;
  say("", false);
  compared.reasons = {};
  if (dialog.open) return;
  pictures.whole();
  dialog.showModal();
  part("body").focus({ preventScroll: true }); // not the first field: on a phone that would raise the keyboard
  part("body").scrollTop = 0;
  hasOpened = true;
}

function say(/** @type {string} */ text, /** @type {boolean} */ failed) {
  part("said").textContent = text;
  part("said").classList.toggle("failed", failed);
}

function draw() {
  if (!dialog.open) return;
  const isShown = compared.rounds.length > 0;
  part("none").textContent = isShown ? "" : NONE;
  part("shown").hidden = !isShown;
  part("key").textContent = KEY;
  part("foot").hidden = !other;
  drawForm();
  if (!isShown) return;
  drawOthers();
  drawTable(part("rows"), tableOf(compared, otherName()), round, compared.reasons ?? {});
  drawRound();
}

// Before one has answered, the place is that of the one that may be asked.
function otherName() {
  return other || model()?.name || "Another model";
}

function drawRound() {
  const { rounds } = compared;
  const at = rounds.findIndex(({ turn }) => turn === round);
  if (at < 0) return;
  part("round").textContent = `Round ${round} of ${rounds.length}`;
  part("question").textContent = rounds[at].question;
  for (const button of all("[data-step]", dialog)) {
    button.setAttribute("aria-disabled", String(!rounds[at + Number(button.dataset.step)]));
  }
  pictures.draw(rounds[at], otherName());
}

function goTo(/** @type {number} */ turn) {
  round = turn;
  draw();
}

// The button in the header is there when there is something to compare, or somebody to ask (see the styles);
// its place does not change when the first answer comes.
function drawOpener(/** @type {HTMLElement} */ opener) {
  const { turns, asides } = state.scene;
  const isAnswered = Object.values(asides).flat().some(({ kind }) => kind === "model");
  opener.title = turns ? "" : "Ask something first.";
  opener.toggleAttribute("data-answered", isAnswered);
  opener.setAttribute("aria-disabled", String(!turns));
}

// Whose answers are shown ------------------------------------------------------------------------------

function drawOthers() {
  const { others } = compared;
  part("others").hidden = others.length < 2;
  part("others").replaceChildren(...others.map((name) => {
    const button = buttonNode({ "aria-pressed": name === other }, name);
    button.addEventListener("click", () => {
      other = name;
      draw();
      one('[aria-pressed="true"]', part("others"))?.focus();
    });
    return button;
  }));
}

// Asking -----------------------------------------------------------------------------------------------

/** @param {string} chosen */
function drawModels(chosen) {
  const { models = [] } = compared;
  const former = chosen || select.value;
  select.replaceChildren(
    ...models.map(({ source, title }) => node("option", { value: source }, title)),
    node("option", { value: "" }, ANOTHER),
  );
  select.value = models.some(({ source }) => source === former) ? former : models[0]?.source ?? "";
  if (chosen) typed.value = "";
}

function model() {
  return compared.models?.find(({ source }) => source === select.value);
}

function drawForm() {
  const [asked, busy] = [model(), state.scene.busy];
  form.hidden = !compared.may_choose || !compared.rounds.length;
  typed.hidden = Boolean(asked);
  const count = compared.rounds.length;
  const [rounds, left] = [asked?.rounds.length ?? count, asked?.left.length ?? count];
  part("all").textContent = left && left < rounds
    ? `Go on: ${left} round${left === 1 ? "" : "s"} left`
    : left
    ? `Whole dialogue: ${rounds} round${rounds === 1 ? "" : "s"}`
    : "Whole dialogue again";
  part("one").textContent = `Only round ${round}`;
  const isOwn = Boolean(asked && !asked.rounds.includes(round));
  part("one").title = isOwn ? `The answer of round ${round} is this model’s own.` : "";
  const held = focused(".compare-form, .compare-foot") && document.activeElement;
  part("stop").hidden = !busy;
  for (const control of [select, typed, part("all"), part("one"), part("forget")]) control.disabled = Boolean(busy);
  part("one").disabled ||= isOwn;
  if (held && (held.disabled || held.hidden)) (busy ? part("stop") : part("all")).focus({ preventScroll: true });
  part("line").textContent = busy || (asked?.line ?? TYPE);
  form.toggleAttribute("data-busy", Boolean(busy));
}

form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const name = typed.hidden ? "" : typed.value.trim();
  if (!select.value && !name) return typed.focus();
  const isAll = /** @type {HTMLButtonElement | null} */ (event.submitter)?.value !== "one";
  const asked = model();
  say("", false);
  compared.reasons = {};
  const again = isAll && Boolean(asked && !asked.left.length);
  trigger("ask", { turn: isAll ? 0 : round, source: select.value, name, again });
});
select.addEventListener("change", () => {
  draw();
  if (!select.value) typed.focus();
});
part("stop").addEventListener("click", () => one("#stop")?.click());
part("forget").addEventListener("click", () => {
  const button = part("forget");
  if (button.dataset.sure === other) trigger("look", { forget: other });
  button.dataset.sure = button.dataset.sure === other ? "" : other;
  button.textContent = button.dataset.sure ? `Remove all answers of ${other} for good?` : "Remove these answers";
});
part("forget").addEventListener("blur", () => {
  part("forget").dataset.sure = "";
  part("forget").textContent = "Remove these answers";
});

// Looking ----------------------------------------------------------------------------------------------

for (const button of all("[data-step]", dialog)) {
  button.addEventListener("click", () => {
    const at = compared.rounds.findIndex(({ turn }) => turn === round);
    const next = compared.rounds[at + Number(button.dataset.step)];
    if (next) goTo(next.turn);
  });
}
const WAYS = { csv: asCsv, latex: asLatex, markdown: asMarkdown };
for (const button of all("[data-copy]", dialog)) {
  button.addEventListener("click", async () => {
    const text = WAYS[button.dataset.copy](tableOf(compared, other));
    part("copied").textContent = (await copyText(text, dialog)) ? "Copied." : "Your browser does not allow copying.";
  });
}
listenToRows(part("rows"), goTo);
listenToZooms(dialog, pictures.zoom);
listenToViews(dialog, part("pair"), drawRound);
whenThere("#show-compare", (opener) => {
  opener.addEventListener("click", () => state.scene.turns && trigger("look", { turn: 0 }));
  onChange(["drawn"], () => drawOpener(opener));
  drawOpener(opener);
});
closesByHand(dialog);
dialog.addEventListener("keydown", (/** @type {Event} */ event) => event.stopPropagation()); // the page's keys rest
onChange(["drawn"], draw);
onAnswer({ props, watch }, show);
