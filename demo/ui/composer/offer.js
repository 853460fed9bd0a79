// A list of regions to choose from: while a name is typed (R, R1, @dog) and for a word read otherwise.
// The keyboard's place stays where it is (message or button); the list is marked as its companion.
import { exists, knownRegion, state } from "../canvas/state.js";
import { list, peek } from "./parts.js";
import { fitting, STARTED } from "./offer_fitting.js";
import { isWriting, message, replaceTyped } from "../shared/message.js";
import { trail } from "../shared/names.js";
import { closest, node, one } from "../shared/nodes.js";

const MAX_OFFERED = 60;
let offered = null; // { owner, names, active, take }
let dismissed = -1; // where the name starts whose list was closed with Esc

/** Whether a list is open. */
export function isOfferOpen() {
  return offered !== null;
}

/** Whether the list of this button or message is open. */
export function isOfferOf(owner) {
  return offered?.owner === owner;
}

export function newestFirst() {
  return [...state.scene.regions].reverse();
}

/** Open the list that fits what was typed last, or close it. */
export function showOffer(event) {
  const box = message();
  const caret = box.selectionStart;
  const token = event.isTrusted && !isWriting() && box.selectionEnd === caret
    ? box.value.slice(0, caret).match(STARTED)?.[1]
    : null;
  const start = token ? caret - token.length : -1;
  if (start !== dismissed) dismissed = -1;
  const names = token && dismissed < 0 ? fitting(token, newestFirst()).slice(0, MAX_OFFERED) : [];
  const whole = token ? token.replace(/^@/, "").toUpperCase() : "";
  if (!names.length || (names.length === 1 && names[0] === whole)) return closeOffer();
  // A name that is whole stays as it is: Enter sends the question.
  openOffer(box, names, exists(whole) ? -1 : 0, (name) => takeTyped(start, name));
}

function takeTyped(start, name) {
  const box = message();
  const space = trail(box.value.slice(0, start), box.value.slice(box.selectionEnd));
  replaceTyped(start, box.selectionEnd, name + space);
}

// The list -------------------------------------------------------------------------------------------

/** Open a list of names at its owner; `take` gets the one that is chosen. */
export function openOffer(owner, names, active, take) {
  if (offered && offered.owner !== owner) closeOffer();
  offered = { owner, names, active, take };
  peek.hidden = true;
  list.replaceChildren(...names.map(option));
  list.hidden = false;
  if (owner === message()) {
    owner.setAttribute("aria-haspopup", "listbox");
    owner.setAttribute("aria-autocomplete", "list");
  } else owner.setAttribute("aria-expanded", "true");
  owner.setAttribute("aria-controls", "offer");
  activate(active);
}

/** A small picture of a region, as on its card. */
export function cropOf(name) {
  const crop = one(`#regions [data-region="${name.split(".")[0]}"] .crop`);
  return crop ? crop.cloneNode(true) : "";
}

function option(name) {
  const region = knownRegion(name);
  const title = name === region.id ? region.title : `part of ${region.id}`;
  const from = region.hidden ? "hidden" : region.lines[0];
  return node(
    "div",
    {
      role: "option",
      id: `offer-${name}`,
      "data-take": name,
      "data-tone": region.tone,
      class: region.hidden ? "away" : null,
    },
    cropOf(name),
    node("b", { class: "mark" }, name),
    node("span", {}, title),
    node("small", {}, from || ""),
  );
}

function activate(index) {
  offered.active = index;
  [...list.children].forEach((row, i) => row.setAttribute("aria-selected", i === index));
  const row = list.children[index];
  if (!row) return offered.owner.removeAttribute("aria-activedescendant");
  offered.owner.setAttribute("aria-activedescendant", row.id);
  row.scrollIntoView({ block: "nearest" });
}

export function closeOffer() {
  if (!offered) return;
  const { owner } = offered;
  offered = null;
  list.hidden = true;
  list.replaceChildren();
  owner.removeAttribute("aria-activedescendant");
  if (owner === message()) owner.removeAttribute("aria-controls");
  else owner.setAttribute("aria-expanded", "false");
}

function take(name) {
  const chosen = offered.take;
  closeOffer();
  chosen(name);
}

const LEAVING = ["Enter", "Tab", "ArrowLeft", "ArrowRight", "Home", "End"];
const MOVES = { ArrowDown: 1, ArrowUp: -1 };

// On the way down, before the page's own keys: an open list has the first say.
function onOfferKey(event) {
  if (!offered || event.target !== offered.owner || event.isComposing) return;
  const { names, active } = offered;
  if (event.key in MOVES) {
    activate((Math.max(active, MOVES[event.key] > 0 ? -1 : 0) + MOVES[event.key] + names.length) % names.length);
  } else if (event.key === "Escape") dismiss();
  else if ((event.key === "Enter" || event.key === "Tab") && active >= 0 && !event.shiftKey) take(names[active]);
  else if (event.key === " " && offered.owner !== message()) take(names[active]);
  else return LEAVING.includes(event.key) && closeOffer();
  event.preventDefault();
  event.stopPropagation();
}

function dismiss() {
  const box = message();
  const token = box.value.slice(0, box.selectionStart).match(STARTED)?.[1];
  if (offered.owner === box && token) dismissed = box.selectionStart - token.length;
  closeOffer();
}

window.addEventListener("keydown", onOfferKey, true);
list.addEventListener("pointerdown", (event) => event.preventDefault());
list.addEventListener("click", (event) => {
  const name = closest(event, "[data-take]")?.dataset.take;
  if (name) take(name);
});
list.addEventListener("pointermove", (event) => {
  const row = closest(event, "[data-take]");
  if (row && offered) activate(offered.names.indexOf(row.dataset.take));
});
document.addEventListener("focusout", (event) => {
  if (event.target === offered?.owner) closeOffer();
});
document.addEventListener("pointerdown", (event) => {
  if (offered && event.target === message()) closeOffer();
});
