// The models that a question can be put to as well, in the popover of the scores, at the button that asks for
// them. It shares the scope of sheet.js and scores.js.
function showOthers({ turn, title: heading, rows, key }) {
  const shut = node("button", { type: "button", class: "shut", "aria-label": "Close", title: "Close" }, icon("close"));
  shut.addEventListener("click", () => card.hidePopover());
  const head = node("header", {}, node("h2", { id: "scores-title" }, heading), shut);
  const list = node("div", { class: "others" }, ...rows.map((row) => otherModel(row, turn)));
  card.replaceChildren(head, list, node("p", { class: "key" }, key));
  const from = document.querySelector(`#chat a[href="#compare-${turn}"]`);
  from?.focus({ preventScroll: true }); // there the keyboard goes back to
  card.showPopover();
  placeCard(from);
  (list.querySelector("button") || shut).focus({ preventScroll: true });
}

function otherModel({ source, title: name, line }, turn) {
  const made = node("button", { type: "button", class: "model-open" }, node("b", {}, name), node("span", {}, line));
  made.addEventListener("click", () => {
    card.hidePopover();
    document.dispatchEvent(new CustomEvent("ask-other", { detail: { turn, source } }));
  });
  return made;
}
