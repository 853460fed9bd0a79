// The words that a small model knows, in the card at an answer that found nothing.
import { node, one } from "../shared/nodes.js";
import { openCard } from "./card.js";

/** @param {import("./sheet.d.ts").Known} known */
export function showKnown({ turn, title, rows, key }) {
  const list = node(
    "dl",
    { class: "known" },
    ...rows.map(({ title: heading, words }) => (
      node("div", {}, node("dt", {}, heading), node("dd", {}, words.join(", ")))
    )),
  );
  openCard(one(`#chat a[href="#known-${turn}"]`), title, list, node("p", { class: "key" }, key));
}
