// The panel of the benchmark: search, open a row, or open it and play its dialogue. Its list is asked for
// when it opens, small pictures only for rows that come into sight.
import { onAnswer } from "../shared/answers.js";
import { component } from "../shared/components.js";
import { focusField } from "../shared/hand.js";
import { all, buttonNode, closesByHand, closest, icon, node, one } from "../shared/nodes.js";

const { element, props, trigger, watch } = component("benchmark/benchmark");
const ROWS_AT_ONCE = 24; // as in panel.py
const SEARCH_MS = 200;
const AGAIN_MS = 1500; // while the server still reads the file
const dialog = one("dialog", element);
const list = one(".kept-list", dialog);
const search = one(".kept-search", dialog);
const remark = one(".kept-said", dialog);
const more = one(".kept-more", dialog);
const small = new Map(); // row → its picture; each comes once
let count = ROWS_AT_ONCE;
let waiting = 0;
let drawn = ""; // the rows that are shown, as text
let goOn = null; // at which row the keyboard goes on

function ask(kind, details = {}) {
  trigger(kind, { search: search.value, count, ...details });
}

/** @param {import("./benchmark.d.ts").BenchmarkValue} value */
function show(value) {
  if (value.small) drawSmall(value.small);
  if (value.rows) drawList(value);
  if (value.close) dialog.close();
}

/** @param {import("./benchmark.d.ts").BenchmarkValue} value */
function drawList({ rows, open, left = 0, bound, said, failed, reading }) {
  remark.textContent = said || "";
  remark.classList.toggle("failed", Boolean(failed));
  const wanted = JSON.stringify([rows, open]);
  if (wanted !== drawn) drawRows(rows, open); // else the keyboard's place stays
  drawn = wanted;
  list.removeAttribute("aria-busy");
  more.hidden = !left;
  more.textContent = `Show ${Math.min(left, ROWS_AT_ONCE)} more`;
  one(".kept-bound", dialog).textContent = bound;
  if (goOn !== null) (one(`li:nth-child(${goOn + 1}) button`, list) || dialog).focus();
  goOn = null;
  if (reading && dialog.open) again(AGAIN_MS);
  askForPictures();
}

function drawRows(rows, open) {
  list.replaceChildren(...rows.map((row) => drawRow(row, open)));
  if (!rows.length) {
    list.append(
      node(
        "li",
        { class: "kept-none" },
        search.value.trim() ? "No row has all of these words." : "There is no row yet.",
      ),
    );
  }
}

/** @param {import("./benchmark.d.ts").Row} row @param {number | null} here */
function drawRow({ row, title, image, rounds, why }, here) {
  const facts = `Row ${row}${rounds ? ` · ${rounds} round${rounds === 1 ? "" : "s"}` : ""}${
    image ? ` · ${image}` : ""
  }`;
  const marks = why ? node("em", { class: "going" }, why) : row === here ? node("em", {}, "open") : "";
  const picture = node("img", { alt: "", src: small.get(row) || null });
  const open = buttonNode(
    { class: "kept-open", "data-row": row },
    picture,
    node("span", {}, node("b", { dir: "auto" }, title || "This row cannot be used"), node("small", {}, facts, marks)),
  );
  const label = `Play row ${row}: ${title}`;
  const play = why ? "" : node(
    "div",
    { class: "kept-acts" },
    buttonNode({ "data-row": row, "data-play": "", title: "Open and play", "aria-label": label }, icon("play")),
  );
  return node("li", { "data-at": row, "aria-current": row === here || null }, open, play);
}

// Small pictures ---------------------------------------------------------------------------------------

function askForPictures() {
  const seen = all("li[data-at]", list).filter(inSight).map((item) => Number(item.dataset.at));
  const rows = seen.filter((row) => !small.has(row)).slice(0, ROWS_AT_ONCE);
  if (!rows.length) return;
  for (const row of rows) small.set(row, ""); // asked for
  trigger("pictures", { rows });
}

function inSight(item) {
  const [row, room] = [item.getBoundingClientRect(), list.getBoundingClientRect()];
  return row.bottom > room.top - 200 && row.top < room.bottom + 200;
}

function drawSmall(fresh) {
  for (const [row, address] of Object.entries(fresh)) {
    if (!address) continue;
    small.set(Number(row), address);
    one(`li[data-at="${row}"] img`, list)?.setAttribute("src", address);
  }
}

list.addEventListener("scroll", askForPictures, { passive: true });

// Asking -------------------------------------------------------------------------------------------------

function again(after) {
  clearTimeout(waiting);
  waiting = setTimeout(() => ask("rows"), after);
}

list.addEventListener("click", (event) => {
  const button = closest(event, "button[data-row]");
  if (!button) return;
  remark.textContent = "";
  ask("choose", { row: Number(button.dataset.row), play: "play" in button.dataset });
});
more.addEventListener("click", () => {
  goOn = list.children.length;
  count += ROWS_AT_ONCE;
  ask("rows");
});
search.addEventListener("input", () => {
  count = ROWS_AT_ONCE;
  again(SEARCH_MS);
});
document.addEventListener("click", (event) => {
  if (!closest(event, "#show-benchmark")) return;
  if (!list.children.length) list.setAttribute("aria-busy", "true");
  dialog.showModal();
  focusField(search, dialog);
  ask("rows");
});
dialog.addEventListener("keydown", (event) => event.stopPropagation()); // the page's keys rest meanwhile
closesByHand(dialog);
onAnswer({ props, watch }, show);
