// The card that opens at a button of an answer. The browser closes it on Esc and on a click beside it.
import { component } from "../shared/components.js";
import { buttonNode, icon, node, one } from "../shared/nodes.js";

export const card = one(".scores", component("sheet/sheet").element);

/** Open the card at a button, with these contents; the keyboard goes to the first button in them. */
export function openCard(from, heading, ...contents) {
  const close = buttonNode({ class: "shut", "aria-label": "Close", title: "Close" }, icon("close"));
  close.addEventListener("click", () => card.hidePopover());
  card.replaceChildren(node("header", {}, node("h2", { id: "scores-title" }, heading), close), ...contents);
  from?.focus({ preventScroll: true }); // there the keyboard goes back to
  card.showPopover();
  placeCard(from);
  (one("button:not(.shut)", card) || close).focus({ preventScroll: true });
}

/** Put the card at a button, below it if there is room, and in the window. */
export function placeCard(from) {
  const at = from?.getBoundingClientRect();
  if (!at) return;
  const { offsetWidth: width, offsetHeight: height } = card;
  const below = at.bottom + 6 + height <= innerHeight;
  card.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
  const above = Math.min(at.top - 6, innerHeight - 8) - height; // its button may have been scrolled away
  card.style.top = `${below ? Math.max(8, at.bottom + 6) : Math.max(8, above)}px`;
}
