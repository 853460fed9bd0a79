// A region is named in its card: a field in the place of the name. Enter keeps it, and so does leaving the
// field; Esc leaves the old name. The field stays until the server has answered.

const LONGEST_NAME = 40;
let naming = null; // the name being typed: { id, field, sent: the serial it was sent at, or null }

function startNaming(id) {
  if (naming?.sent === null) keepName();
  if (naming) endNaming();
  const card = cardOf.get(id);
  const field = node("input", {
    type: "text", class: "card-field", maxlength: LONGEST_NAME, "aria-label": `Name of ${id}`, enterkeyhint: "done", autocomplete: "off",
  });
  field.value = regionOf(id).title;
  naming = { id, field, sent: null };
  card.querySelector(".card-name > span").replaceWith(field);
  field.focus({ preventScroll: true });
  field.select();
  showCard(card);
}

// Until the server has answered, the field stays with the new name in it.
function keepName() {
  const { id, field } = naming;
  const label = field.value.trim();
  if (label === regionOf(id).title) return leaveName();
  naming.sent = scene.serial;
  field.readOnly = true;
  act({ kind: "rename", region: id, label });
  if (field === document.activeElement) focusCard(cardOf.get(id));
}

function leaveName() {
  const { id, field } = naming;
  const held = field === document.activeElement;
  endNaming();
  drawCards();
  if (held) focusCard(cardOf.get(id));
}

function endNaming() {
  const card = cardOf.get(naming.id);
  card.filled = "";
  naming = null;
}

function onNameKey(event) {
  if (event.target !== naming?.field || event.isComposing) return;
  if (event.key === "Enter") keepName();
  else if (event.key === "Escape") leaveName();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

cards.addEventListener("keydown", onNameKey, true);
cards.addEventListener("focusout", (event) => {
  if (event.target === naming?.field && naming.sent === null && event.target.isConnected && document.hasFocus()) keepName();
});
