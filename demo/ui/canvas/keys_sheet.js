// The sheet that lists every key and gesture, and the switch for single keys: they can be switched off, for
// people whose speech or tremor types them (WCAG 2.1.4).
import { element } from "./parts.js";
import { FILM_ICONS } from "./icons.js";
import { KEYS_IN_WORDS } from "./key_tables.js";
import { buttonNode, closest, drawIcon, node, one, storage } from "../shared/nodes.js";

const SINGLE_KEYS = "regionreasoner.single-keys";
const GESTURES = [
  [
    "Mouse",
    "Click a region to cite it, again for the one object alone, and again to take it out; right-click for its menu. The wheel zooms. Drag to move a zoomed picture, with any tool while Space is down. With Point and Correct, Alt+click says “not this”.",
  ],
  [
    "Touch",
    "Tap a region to cite it, again for the one object alone, and again to take it out; hold it for its menu. Two fingers zoom and move the picture.",
  ],
];
const sheet = drawSheet();
const checkbox = one("input", sheet);

function drawSheet() {
  const groups = KEYS_IN_WORDS.map(([title, rows]) =>
    node("section", {}, node("h3", {}, title), node("dl", {}, ...rows.map(drawRow)))
  );
  const switching = node(
    "label",
    { class: "keys-switch" },
    node("input", { type: "checkbox" }),
    " Single keys work (letters, signs and numbers)",
  );
  return node(
    "dialog",
    { class: "keys", "aria-labelledby": "keys-title" },
    node(
      "div",
      { class: "keys-head" },
      node("h2", { id: "keys-title" }, "Keys and gestures"),
      buttonNode({ class: "keys-close", "aria-label": "Close" }, drawIcon(FILM_ICONS.close)),
    ),
    node("div", { class: "keys-groups" }, ...groups),
    ...GESTURES.map(([name, text]) => node("p", {}, node("b", {}, name), " ", text)),
    switching,
  );
}

function drawRow([keys, text]) {
  const caps = keys.split(" ").filter(Boolean).map((key) => node("kbd", {}, key));
  return node("div", {}, node("dt", {}, ...caps), node("dd", {}, text));
}

export function showKeys() {
  checkbox.checked = mayUseSingleKeys();
  sheet.showModal();
}

export function mayUseSingleKeys() {
  return storage((items) => items.getItem(SINGLE_KEYS)) !== "off";
}

element.append(sheet);
checkbox.addEventListener("change", () => {
  storage((items) => items.setItem(SINGLE_KEYS, checkbox.checked ? "on" : "off"));
});
sheet.addEventListener("click", (event) => {
  if (event.target === sheet || closest(event, ".keys-close")) sheet.close();
});
