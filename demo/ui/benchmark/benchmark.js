// The panel of the benchmark: search, open a row, or open it and play its dialogue. Its list is asked for
// when it opens, small pictures only for rows that come into sight.
const ROWS_AT_ONCE = 24; // as in benchmark.py
const SEARCH_MS = 200;
const AGAIN_MS = 1500; // while the server still reads the file
const dialog = element.querySelector("dialog");
const list = dialog.querySelector(".kept-list");
const search = dialog.querySelector(".kept-search");
const said = dialog.querySelector(".kept-said");
const more = dialog.querySelector(".kept-more");
const small = new Map(); // row → its picture; each comes once
let count = ROWS_AT_ONCE;
let answered = null; // the serial number that is shown
let waiting = 0;
let drawn = ""; // the rows that are shown, as text
let goOn = null; // at which row the keyboard goes on

function ask(kind, details = {}) {
  trigger(kind, { search: search.value, count, ...details });
}

function show() {
  const value = props.value;
  if (!value?.serial || value.serial === answered) return;
  answered = value.serial;
  if (value.small) drawSmall(value.small);
  if (value.rows) drawList(value);
  if (value.close) dialog.close();
}

function drawList({ rows, open, left, bound, said: words, failed, reading }) {
  said.textContent = words || "";
  said.classList.toggle("failed", Boolean(failed));
  const wanted = JSON.stringify([rows, open]);
  if (wanted !== drawn) drawRows(rows, open); // else the keyboard's place stays
  drawn = wanted;
  list.removeAttribute("aria-busy");
  more.hidden = !left;
  more.textContent = `Show ${Math.min(left, ROWS_AT_ONCE)} more`;
  dialog.querySelector(".kept-bound").textContent = bound;
  if (goOn !== null) (list.children[goOn]?.querySelector("button") || search).focus();
  goOn = null;
  if (reading && dialog.open) again(AGAIN_MS);
  askForPictures();
}

function drawRows(rows, open) {
  list.replaceChildren(...rows.map((row) => drawRow(row, open)));
  if (!rows.length) list.append(node("li", { class: "kept-none" }, search.value.trim() ? "No row has all of these words." : "There is no row yet."));
}

function drawRow({ row, title, image, rounds, why }, here) {
  const facts = `Row ${row}${rounds ? ` · ${rounds} round${rounds === 1 ? "" : "s"}` : ""}${image ? ` · ${image}` : ""}`;
  const marks = why ? node("em", { class: "going" }, why) : row === here ? node("em", {}, "open") : "";
  const picture = node("img", { alt: "", src: small.get(row) || null });
  const open = node("button", { type: "button", class: "kept-open", "data-row": row }, picture,
    node("span", {}, node("b", {}, title || "This row cannot be used"), node("small", {}, facts, marks)));
  const label = `Play row ${row}: ${title}`;
  const play = why ? "" : node("div", { class: "kept-acts" }, node("button", { type: "button", "data-row": row, "data-play": "", title: "Open and play", "aria-label": label }, icon("play")));
  return node("li", { "data-at": row, "aria-current": row === here || null }, open, play);
}

// Small pictures ---------------------------------------------------------------------------------------

function askForPictures() {
  const seen = [...list.querySelectorAll("li[data-at]")].filter(inSight).map((item) => Number(item.dataset.at));
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
    list.querySelector(`li[data-at="${row}"] img`)?.setAttribute("src", address);
  }
}

list.addEventListener("scroll", askForPictures, { passive: true });

// Asking -------------------------------------------------------------------------------------------------

function again(after) {
  clearTimeout(waiting);
  waiting = setTimeout(() => ask("rows"), after);
}

list.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-row]");
  if (!button) return;
  said.textContent = "";
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
  if (!event.target.closest("#show-benchmark")) return;
  if (!list.children.length) list.setAttribute("aria-busy", "true");
  dialog.showModal();
  search.focus();
  ask("rows");
});
dialog.addEventListener("keydown", (event) => event.stopPropagation()); // the page's keys rest meanwhile
shuts(dialog);
watch("value", show);
