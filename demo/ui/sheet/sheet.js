// The numbers of one answer in a dialog of the browser's own: what the model was asked and wrote, in its
// frame and in the picture, side by side. Each answer of the server opens it, or a card at the answer's button.
import { change } from "../canvas/state.js";
import { onAnswer } from "../shared/answers.js";
import { component } from "../shared/components.js";
import { all, buttonNode, closesByHand, icon, node, one, quoted } from "../shared/nodes.js";
import { showKnown } from "./known.js";
import { showScores } from "./scores.js";

const { element, props, watch } = component("sheet/sheet");
const dialog = one("dialog", element);
const title = one("h2", dialog);
const body = one(".numbers", dialog);
const COPIED_MS = 2000;
const SIGNS = { ok: "✓", note: "·", warning: "⚠" };

/** @param {import("./sheet.d.ts").SheetValue} value */
function show(value) {
  if (value.kind === "scores") return showScores(value);
  if (value.kind === "known") return showKnown(value);
  title.textContent = value.title;
  body.replaceChildren(
    places(value),
    ...looks(value),
    findings(value),
    written("The question as the model got it", value.prompted),
    written("What the model wrote", value.raw),
    times(value),
  );
  body.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
}

// Coordinates ------------------------------------------------------------------------------------------

/** @param {import("./sheet.d.ts").Numbers} numbers */
function places({ frame, size, references, objects }) {
  const heads = [["Region", ""], ["Model frame", frame.join(" × ")], ["Picture", size.join(" × ")]];
  const table = node(
    "table",
    {},
    node(
      "thead",
      {},
      node(
        "tr",
        {},
        ...heads.map(([text, extent]) => (
          node("th", { scope: "col" }, `${text} `, node("span", {}, extent))
        )),
      ),
    ),
  );
  if (references.length) table.append(group("Given with the question", references));
  table.append(objects.length ? group("Found", objects) : group("Found: nothing", []));
  const key = node("p", { class: "key" }, "Boxes are left, top, right, bottom; points are across, down.");
  return node("section", {}, table, key);
}

function group(text, rows) {
  return node(
    "tbody",
    {},
    node("tr", { class: "group" }, node("th", { colspan: 3, scope: "rowgroup" }, text)),
    ...rows.map(row),
  );
}

function row({ name, model, picture, model_point, picture_point, quality, corrected }) {
  const mark = node("b", { class: "mark", "data-tone": toneOf(name) }, name);
  const notes = [
    quality === null || quality === undefined ? null : `mask quality ${quality.toFixed(2)}`,
    corrected ? "corrected by hand" : null,
  ];
  return node(
    "tr",
    {},
    node("th", { scope: "row" }, mark, ...notes.filter((note) => note !== null).map((text) => node("small", {}, text))),
    cell(model, model_point),
    cell(picture, picture_point),
  );
}

function cell(box, point) {
  const lines = [["box", box], ["point", point]].filter(([, at]) => at);
  return node(
    "td",
    {},
    ...lines.map(([kind, at]) => node("div", {}, node("span", {}, kind), node("code", {}, at.join(", ")))),
  );
}

// Names keep their colours also when their regions are gone.
function toneOf(name) {
  const region = name.split(".")[0];
  return one(`[data-region="${CSS.escape(region)}"]`)?.dataset.tone;
}

// Text and findings ------------------------------------------------------------------------------------

function written(heading, text) {
  const copy = buttonNode({ class: "copy", "aria-label": `Copy: ${heading}` }, icon("copy"), node("span", {}, "Copy"));
  copy.addEventListener("click", () => copyText(text, copy));
  const shown = text
    ? node("pre", { tabindex: "0", dir: "auto", role: "group", "aria-label": heading }, text)
    : node("p", { class: "key" }, "Nothing.");
  return node("section", {}, node("div", { class: "head" }, node("h3", {}, heading), text ? copy : ""), shown);
}

/** @param {import("./sheet.d.ts").Numbers} numbers */
function findings({ findings: found, turn }) {
  const items = found.map(({ level, text, address }) => {
    const sentence = address ? buttonNode({ title: "Show where" }, ...quoted(text)) : node("span", {}, ...quoted(text));
    if (address) sentence.addEventListener("click", () => showPlace(turn, address));
    return node("li", { class: `finding ${level}` }, `${SIGNS[level] || "·"} `, sentence);
  });
  return node(
    "section",
    {},
    node("h3", {}, "What was checked"),
    items.length ? node("ul", {}, ...items) : node("p", { class: "key" }, "There was nothing to remark."),
  );
}

/** @param {import("./sheet.d.ts").Numbers} numbers */
function looks({ looks: taken }) {
  const items = taken.map((text) => node("li", {}, text));
  const heading = `Looked closer ${taken.length === 1 ? "once" : `${taken.length} times`}`;
  return items.length ? [node("section", {}, node("h3", {}, heading), node("ul", {}, ...items))] : [];
}

// The dialogue and the picture are behind the sheet.
function showPlace(turn, address) {
  dialog.close();
  change({ place: { turn, address } });
}

/** @param {import("./sheet.d.ts").Numbers} numbers */
function times({ timings, decoding }) {
  const pairs = timings.map(([name, value]) => node("div", {}, node("dt", {}, name), node("dd", {}, value)));
  const how = decoding ? node("p", { class: "key" }, `Decoded: ${decoding}.`) : "";
  return node("section", {}, node("h3", {}, "Time and tokens"), node("dl", {}, ...pairs), how);
}

async function copyText(text, button) {
  const label = one("span", button);
  label.textContent = (await copied(text)) ? "Copied" : "Press Ctrl+C";
  setTimeout(() => {
    label.textContent = "Copy";
  }, COPIED_MS);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // a page without https may not write: mark the text, and try the old way
    const shown = all("pre", body).find((pre) => pre.textContent === text);
    getSelection()?.selectAllChildren(shown);
    return document.execCommand("copy");
  }
}

closesByHand(dialog);
dialog.addEventListener("keydown", (event) => event.stopPropagation()); // the page's keys rest meanwhile
onAnswer({ props, watch }, show);
