// The table of all rounds; a click on a row shows that round above.
import { buttonNode, closest, focused, node, one } from "../shared/nodes.js";

/** @typedef {import("./cells.js").Table} Table */

/**
 * Draw the table in this place; rows without an answer say why, where that is known.
 * @param {HTMLElement} place @param {Table} table @param {number} shown @param {Record<string, string>} reasons
 */
export function drawTable(place, { head, rows, sum }, shown, reasons) {
  const held = focused(".compare-rows [data-round]")?.dataset.round;
  const heads = head.map((text) => node("th", { scope: "col" }, text));
  place.replaceChildren(
    node(
      "table",
      {},
      node("thead", {}, node("tr", {}, ...heads)),
      node("tbody", {}, ...rows.map((cells) => rowOf(cells, shown, reasons[cells[0]]))),
      rows.length > 1 && sum.length ? node("tfoot", {}, node("tr", {}, ...cellsOf(sum, node("span", {}, sum[0])))) : "",
    ),
  );
  if (held) one(`[data-round="${held}"]`, place)?.focus({ preventScroll: true });
}

/** @param {string[]} cells @param {number} shown @param {string} [reason] */
function rowOf(cells, shown, reason) {
  const here = Number(cells[0]) === shown;
  const label = `Round ${cells[0]}: ${cells[1]}`;
  const go = buttonNode({ "data-round": cells[0], "aria-label": label }, cells[0]);
  const row = node("tr", { "aria-current": here ? "true" : null, "data-row": cells[0] }, ...cellsOf(cells, go));
  if (reason) row.cells[1].append(node("small", {}, reason));
  return row;
}

/** @param {string[]} cells @param {Node} first */
function cellsOf([, question, ...others], first) {
  return [
    node("th", { scope: "row" }, first),
    node("td", { dir: "auto" }, question),
    ...others.map((text) => node("td", {}, text)),
  ];
}

/** Run `shown` with the round whose row was clicked. @param {HTMLElement} place @param {(turn: number) => void} shown */
export function listenToRows(place, shown) {
  place.addEventListener("click", (event) => {
    const row = closest(event, "[data-row]");
    if (row && !getSelection()?.toString()) shown(Number(row.dataset.row));
  });
}
