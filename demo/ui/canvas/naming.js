// A region is named in its card: a field in the place of the name. Enter keeps it, and so does leaving the
// field; Esc leaves the old name. The field stays until the server has answered.
import { knownRegion, onChange, regionOf } from "./state.js";
import { cards } from "./parts.js";
import { act } from "./acts.js";
import { cardFor, drawCards, focusCard, holdCard, showCard, unfoldCards } from "./cards.js";
import { closest, node, one } from "../shared/nodes.js";

const MAX_LENGTH = 40;
let naming = null; // the name being typed: { id, field, isSent }

/** Let the region's name be typed. */
export function startNaming(id) {
  if (naming && !naming.isSent) sendName();
  if (naming) endNaming(naming);
  const card = cardFor(id);
  const field = node("input", {
    type: "text",
    class: "card-field",
    maxlength: MAX_LENGTH,
    "aria-label": `Name of ${id}`,
    enterkeyhint: "done",
    autocomplete: "off",
  });
  field.value = knownRegion(id).title;
  naming = { id, field, isSent: false };
  holdCard(id);
  one(".card-name > span", card).replaceWith(field);
  unfoldCards();
  field.focus({ preventScroll: true });
  field.select();
  showCard(card);
}

// Until the server has answered, the field stays with the new name in it.
function sendName() {
  const sent = naming;
  const { id, field } = sent;
  const label = field.value.trim();
  if (label === knownRegion(id).title) return leaveName();
  sent.isSent = true;
  field.readOnly = true;
  act({ kind: "rename", region: id, label }, null, () => endNaming(sent));
  if (field === document.activeElement) focusCard(cardFor(id));
}

function leaveName() {
  const { id, field } = naming;
  const held = field === document.activeElement;
  endNaming(naming);
  if (held) focusCard(cardFor(id));
}

function endNaming(ended) {
  if (naming !== ended) return;
  naming = null;
  holdCard(null);
  drawCards();
}

function onNameKey(event) {
  if (!naming || event.target !== naming.field || event.isComposing) return;
  if (event.key === "Enter") sendName();
  else if (event.key === "Escape") leaveName();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

cards.addEventListener("keydown", onNameKey, true);
cards.addEventListener("keydown", (event) => {
  const card = closest(event, ".card");
  if (event.key !== "F2" || !card || event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  startNaming(card.dataset.region);
  event.preventDefault();
  event.stopPropagation();
});
cards.addEventListener("focusout", ({ target }) => {
  if (target === naming?.field && !naming.isSent && target.isConnected && document.hasFocus()) sendName();
});
onChange(["drawn"], () => {
  if (naming && !regionOf(naming.id)) endNaming(naming); // it is gone, with its card
});
