// Keys that work anywhere on the page, and the sheet that lists every key.
// Heard last, on the window: whoever uses a key first (a tool, a list, a field) prevents its default.
// Single characters can be switched off, for people whose speech or tremor types them (WCAG 2.1.4).

const SINGLE_KEYS_KEPT = "regionreasoner.single-keys";
const KEYS = {
  "/": () => message()?.focus(), "?": () => showKeys(),
  f: () => showOnly(only ? null : regionMeant(true)?.id), h: () => (regionMeant() ? hide(regionMeant()) : tell("Point at a region first, then press H.")),
  x: LOOKS.compare.run, t: LOOKS.film.run,
};
const SHEET = [
  ["Anywhere", [["/", "write your question"], ["?", "this sheet"], ["Ctrl Z", "undo the last answer or change"], ["Esc", "leave what is open, or stop the answer"]]],
  ["Tools", [
    ["V", "select"], ["B", "draw a box"], ["P", "click a point"], ["C", "correct"],
    ["← ↑ ↓ →", "move the crosshair of Box and Point, with Shift faster"], ["Enter", "set a corner or a point, with Alt “not this”"],
    ["+ −", "zoom in and out"], ["0", "the whole picture"], ["1", "one to one"],
  ]],
  ["At a region", [
    ["Tab ← →", "from region to region"], ["Enter", "cite it; again: this object alone, then no more"], ["Shift Enter", "cite this object alone"], ["F", "only this region, and back"],
    ["H", "hide or show"], ["F2", "rename (in the list)"], ["Delete", "delete"],
    ["← ↑ ↓ →", "move a box in hand, with Shift resize it, with Ctrl faster"],
  ]],
  ["Looking", [["X", "compare with the bare picture"], ["T", "turn by turn"], ["← →", "move the divider, or step through the answers"]]],
];
const SHEET_LINES = [
  ["Mouse", "Click a region to cite it, again for the one object alone, and again to take it out; right-click for its menu. The wheel zooms. Drag to move a zoomed picture, with any tool while Space is down. With Point and Correct, Alt+click says “not this”."],
  ["Touch", "Tap a region to cite it, again for the one object alone, and again to take it out; hold it for its menu. Two fingers zoom and move the picture."],
];
const sheetOfKeys = drawSheet();

function drawSheet() {
  const groups = SHEET.map(([title, rows]) => node("section", {}, node("h3", {}, title), node("dl", {}, ...rows.map(drawRow))));
  const switching = node("label", { class: "keys-switch" }, node("input", { type: "checkbox" }), " Single keys work (letters, signs and numbers)");
  return node("dialog", { class: "keys", "aria-labelledby": "keys-title" },
    node("div", { class: "keys-head" }, node("h2", { id: "keys-title" }, "Keys and gestures"),
      node("button", { type: "button", class: "keys-close", "aria-label": "Close" }, drawIcon(FILM_ICONS.close))),
    node("div", { class: "keys-groups" }, ...groups),
    ...SHEET_LINES.map(([name, text]) => node("p", {}, node("b", {}, name), " ", text)), switching);
}

function drawRow([keys, text]) {
  const caps = keys.split(" ").filter(Boolean).map((key) => node("kbd", {}, key));
  return node("div", {}, node("dt", {}, ...caps), node("dd", {}, text));
}

function showKeys() {
  sheetOfKeys.querySelector("input").checked = singleKeys();
  sheetOfKeys.showModal();
}

function singleKeys() {
  return storage((kept) => kept.getItem(SINGLE_KEYS_KEPT)) !== "off";
}

function isSingle(event) {
  return event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
}

function onAnyKey(event) {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") return onEscape(event);
  if (isUndo(event) && !typing(event.target)) return undo(event);
  if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const run = KEYS[event.key.toLowerCase()] || filmKey(event.key);
  if (!run || !scene.picture && event.key !== "?" && event.key !== "/") return;
  event.preventDefault();
  run();
}

function isUndo(event) {
  return (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
}

function undo(event) {
  event.preventDefault();
  document.querySelector("#undo").click();
}

function filmKey(key) {
  if (step === null) return null;
  return { ArrowLeft: FILM_ACTS.back, ArrowRight: FILM_ACTS.next }[key] || null;
}

function onEscape(event) {
  const stop = document.querySelector("#stop");
  if (endLook()) event.preventDefault();
  else if (stop?.checkVisibility()) stop.click();
  else if (event.target === message()) message().blur(); // single keys work again
}

window.addEventListener("keydown", onAnyKey);
window.addEventListener("keydown", (event) => {
  if (isSingle(event) && !typing(event.target) && !menu.contains(event.target) && !singleKeys()) event.stopImmediatePropagation();
}, true);
element.append(sheetOfKeys);
sheetOfKeys.querySelector("input").addEventListener("change", ({ target }) => {
  storage((kept) => kept.setItem(SINGLE_KEYS_KEPT, target.checked ? "on" : "off"));
});
sheetOfKeys.addEventListener("click", (event) => {
  if (event.target === sheetOfKeys || event.target.closest(".keys-close")) sheetOfKeys.close();
});
