// The dialogue on paper: a report that is on the page only while it is printed. The picture with its regions, what
// they are, and each question with its answer and all that the model wrote.
import { image, overlay } from "../canvas/parts.js";
import { onChange, regionOf, shownObjects, state } from "../canvas/state.js";
import { paintLooks } from "./look_rows.js";
import { all, closest, node, one } from "../shared/nodes.js";

const FOR_HANDS = ".message:has([data-act]):not(:has(.title)), .arrow, .duration, .loading-spinner, button, svg";
const NOT_DRAWN = ".hit, .over, .draft, .asides, title";
const KEPT = /^(title|content|children|finding|ok|warning|missing|mark|invented|look|tone-\d+)$/; // of the dialogue's classes
const PASSING = ["earlier", "lit", "cited", "away", "chosen"]; // how objects look just now
const OF_SCREEN = [
  "id",
  "role",
  "tabindex",
  "style",
  "aria-label",
  "aria-expanded",
  "aria-busy",
  "title",
  "data-testid",
];
/** Parts of answers that were opened for the report. @type {any[]} */
let opened = [];
let isDark = false;

// Gradio writes a part after the event that opens it, before the next listener; parts lie three deep.
function openParts() {
  const closed = state.scene.picture ? all("#chat .thought-group > .title:not(.expanded)") : [];
  opened.push(...closed);
  for (const title of closed) title.click();
}

function write() {
  isDark = document.body.classList.contains("dark");
  document.body.classList.remove("dark");
  if (!state.scene.picture) return;
  paintLooks(one("#chat"));
  document.body.append(node("article", { class: "report" }, ...heading(), picture(), legend(), ...rounds()));
}

function putAway() {
  one(".report")?.remove();
  document.body.classList.toggle("dark", isDark);
  for (const title of opened.reverse()) if (title.isConnected) title.click();
  opened = [];
}

function heading() {
  const { name, width, height, authors } = state.scene;
  const models = [...new Set(authors)].join(", ");
  const day = new Intl.DateTimeFormat("en", { dateStyle: "long" }).format();
  const facts = ["RegionReasoner", models, `${width} × ${height} pixels`, day].filter(Boolean);
  return [node("h1", { dir: "auto" }, name), node("p", { class: "report-facts" }, facts.join(" · "))];
}

function picture() {
  const { width, height, name } = state.scene;
  const drawing = /** @type {Element} */ (overlay.cloneNode(true));
  for (const part of all(NOT_DRAWN, drawing)) part.remove();
  for (const part of all("*", drawing)) {
    part.classList.remove(...PASSING);
    for (const name of ["role", "tabindex"]) part.removeAttribute(name);
  }
  return node(
    "figure",
    { class: "report-picture", style: `--aspect: ${width / height}` },
    node("img", { src: image.src, alt: name }),
    drawing,
    ...shownObjects().map(({ region, object }) => label(region, object)),
  );
}

/**
 * Above its box, or inside where the picture ends; never over its right edge.
 * @param {import("../canvas/scene.d.ts").Region} region @param {import("../canvas/scene.d.ts").RegionObject} object
 */
function label({ id, tone, objects }, { id: name, box }) {
  const [x1, y1, x2] = box;
  const { width, height } = state.scene;
  const across = x1 < width * 0.85 ? `left: ${100 * x1 / width}%` : `right: ${100 - 100 * x2 / width}%`;
  const down = y1 > height * 0.07 ? "translate: 0 -100%" : "";
  return node(
    "b",
    { class: "mark", "data-tone": tone, style: `${across}; top: ${100 * y1 / height}%; ${down}` },
    objects.length > 1 ? name : id,
  );
}

function legend() {
  const rows = state.scene.regions.filter(({ hidden }) => !hidden).map((region) =>
    node(
      "tr",
      {},
      node("th", { scope: "row" }, node("span", { class: "mark", "data-tone": region.tone }, region.id)),
      node("td", {}, node("bdi", {}, region.title)),
      node("td", {}, region.origin === "user" ? "drawn by hand" : `answer ${region.turn}`),
      node("td", {}, region.objects.map(({ box }) => box.map(Math.round).join(", ")).join(" · ")),
    )
  );
  const head = ["Region", "What it is", "From", "Boxes: left, top, right, bottom"];
  const names = node("tr", {}, ...head.map((name) => node("th", { scope: "col" }, name)));
  return rows.length ? node("table", {}, node("thead", {}, names), node("tbody", {}, ...rows)) : "";
}

// A round is a question and all that follows up to the next one.
function rounds() {
  /** @type {any[]} */
  const made = [];
  for (const row of all("#chat .message-row")) {
    const isQuestion = row.classList.contains("user-row");
    if (isQuestion) made.push(node("section", { class: "round" }));
    made.at(-1)?.append(...isQuestion ? question(row, made.length) : [answer(row, made.length)]);
  }
  return made;
}

// The part that it is about stands below it.
function question(row, number) {
  const copy = copied(row);
  const parts = all(".look", copy);
  for (const part of parts) part.remove();
  return [node("h2", {}, `${number}. `, ...copy.childNodes), ...parts];
}

function answer(row, number) {
  const author = state.scene.authors[number - 1];
  return node("div", {}, copied(row), author ? node("p", { class: "report-facts" }, `Answered by ${author}`) : "");
}

// Without what is there to be pressed; regions in their colours.
function copied(row) {
  const copy = row.cloneNode(true);
  const painted = all("canvas", row);
  for (const [i, canvas] of all("canvas", copy).entries()) canvas.getContext("2d").drawImage(painted[i], 0, 0);
  for (const part of all(FOR_HANDS, copy)) part.remove();
  for (const part of [copy, ...all("*", copy)]) {
    for (const name of OF_SCREEN) part.removeAttribute(name);
    part.className = [...part.classList].filter((name) => KEPT.test(name)).join(" ");
  }
  for (const link of all("a", copy)) {
    const region = regionOf(link.hash.slice(1).split(".")[0]);
    const words = link.dataset.sentence || link.textContent;
    const drawn = region ? { class: "mark", "data-tone": region.tone } : {};
    link.replaceWith(...all("canvas", link), node("span", drawn, words));
  }
  return copy;
}

function allowPrinting() {
  for (const button of all("[data-print]")) button.disabled = !state.scene.picture;
}

onChange(["drawn"], allowPrinting);
for (const step of [openParts, openParts, openParts, write]) addEventListener("beforeprint", () => step());
addEventListener("afterprint", putAway);
document.addEventListener("click", (event) => {
  if (!closest(event, "[data-print]")) return;
  closest(event, "dialog")?.close();
  print();
});
