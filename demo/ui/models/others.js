// The models that a question can be put to as well, in the card at the button that asks for them.
import { card, openCard } from "../sheet/card.js";
import { send } from "../shared/components.js";
import { node, one } from "../shared/nodes.js";

/** @param {import("../sheet/sheet.d.ts").Others} others */
export function showOthers({ turn, title, rows, key }) {
  const list = node("div", { class: "others" }, ...rows.map((row) => otherModel(row, turn)));
  openCard(one(`#chat a[href="#compare-${turn}"]`), title, list, node("p", { class: "key" }, key));
}

function otherModel({ source, title, line }, turn) {
  const choice = node("button", { type: "button", class: "model-open" }, node("b", {}, title), node("span", {}, line));
  choice.addEventListener("click", () => {
    card.hidePopover();
    send("canvas/canvas", "turn", { kind: "compare", turn, source });
  });
  return choice;
}
