// The cards of earlier answers' regions fold behind one line once there are many of them.
import { cards } from "./parts.js";
import { all, buttonNode } from "../shared/nodes.js";

const MIN_FOLDED = 6;
const line = buttonNode({ class: "cards-earlier", "aria-expanded": "false", "aria-controls": "regions" });

/**
 * Fold those of earlier regions, unless a hand or the keyboard is in the list, where nothing may move.
 * @param {import("./scene.d.ts").Region[]} regions @param {(id: string) => HTMLElement} cardOf
 */
export function foldCards(regions, cardOf) {
  if (cards.matches(":hover, :focus-within") && regions.length > MIN_FOLDED) return;
  const earlier = regions.filter((region) => region.earlier);
  const folds = earlier.length >= MIN_FOLDED;
  for (const region of regions) cardOf(region.id).toggleAttribute("data-earlier", folds && region.earlier);
  line.hidden = !folds;
  line.textContent = `${earlier.length} earlier regions`;
}

/** Whether the card is behind the line. @param {HTMLElement | undefined} card */
export function isBehindLine(card) {
  return Boolean(card?.matches("#regions:not([data-open], [data-unfolded]) > [data-earlier]"));
}

/** Show a card that is behind the line, with the others there. @param {HTMLElement | undefined} card */
export function unfoldFor(card) {
  if (isBehindLine(card)) unfold(true);
}

/** The cards that can be seen. */
export function unfoldedCards() {
  return all(".card", cards).filter((card) => !isBehindLine(card));
}

function unfold(on) {
  cards.toggleAttribute("data-unfolded", on);
  line.setAttribute("aria-expanded", on);
}

line.hidden = true;
line.addEventListener("click", () => unfold(!cards.hasAttribute("data-unfolded")));
cards.before(line);
