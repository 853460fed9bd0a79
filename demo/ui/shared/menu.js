// One menu for the whole page. It knows nothing of regions: who opens it gives its items as
// { text, key, icon, run, apart }.
import { all, buttonNode, closest, drawIcon, node } from "./nodes.js";

/** The menu; it has to stand somewhere on the page. */
export const menu = node("div", { class: "menu", role: "menu", popover: "manual" }); // an automatic one closes when the press that opened it ends
let items = [];
let button = null; // the button the menu hangs on
let from = null; // where the keyboard was
let pressedOpen = null; // the button whose menu was open when the press began: that click only closes it

/** Open the menu of a button with these items, at the button or another place of the window. */
export function openMenu(owner, label, choices, at = owner.getBoundingClientRect()) {
  closeMenu();
  [items, button, from] = [choices, owner, document.activeElement];
  menu.setAttribute("aria-label", label);
  menu.replaceChildren(...items.flatMap(drawItem));
  button.setAttribute("aria-expanded", "true");
  menu.showPopover();
  placeMenu(at);
  menu.firstChild.focus({ preventScroll: true });
}

function drawItem({ text, key, icon, apart }, index) {
  const row = buttonNode(
    { role: "menuitem", tabindex: "-1", "data-item": index },
    drawIcon(icon),
    node("span", {}, text),
    ...(key ? [node("kbd", { "aria-hidden": "true" }, key)] : []),
  );
  return apart ? [node("div", { role: "separator" }), row] : [row];
}

// Below what it hangs on if there is room, else above, and never out of the window.
function placeMenu({ left, right, top, bottom }) {
  const [width, height] = [menu.offsetWidth, menu.offsetHeight];
  const x = right > left && right - width >= 8 ? right - width : left;
  const y = bottom + 4 + height <= innerHeight - 8 ? bottom + 4 : top - 4 - height;
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, innerHeight - height - 8))}px`;
}

function closeMenu() {
  if (!menu.matches(":popover-open")) return;
  const held = menu.contains(document.activeElement);
  menu.hidePopover();
  button.setAttribute("aria-expanded", "false");
  if (held) (from?.isConnected ? from : button).focus({ preventScroll: true });
}

const STEPS = {
  ArrowDown: (at, n) => (at + 1) % n,
  ArrowUp: (at, n) => (at - 1 + n) % n,
  Home: () => 0,
  End: (_, n) => n - 1,
};

menu.addEventListener("keydown", (event) => {
  const rows = all("[data-item]", menu);
  const at = rows.indexOf(document.activeElement);
  if (event.key in STEPS) rows[STEPS[event.key](at, rows.length)].focus();
  else if (event.key === "Tab") closeMenu();
  else if (event.key === "Escape") closeMenu();
  else if (/^\p{L}$/u.test(event.key)) startingWith(rows, at, event.key)?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
});

/** Whether the press that goes with a click has closed the menu of this button; asked once. */
export function hasJustClosed(owner) {
  const closed = pressedOpen === owner;
  pressedOpen = null;
  return closed;
}

function startingWith(rows, at, letter) {
  const later = [...rows.slice(at + 1), ...rows.slice(0, at + 1)];
  return later.find((item) => item.textContent.trim().toLowerCase().startsWith(letter.toLowerCase()));
}

menu.addEventListener("click", (event) => {
  const item = closest(event, "[data-item]");
  if (!item) return;
  const { run } = items[item.dataset.item];
  closeMenu(); // gives the keyboard's place back first, so that an act can take it
  run();
});

menu.addEventListener("focusout", ({ relatedTarget }) => {
  if (relatedTarget && !menu.contains(relatedTarget)) closeMenu();
});

window.addEventListener("pointerdown", (event) => {
  if (menu.contains(event.target)) return;
  pressedOpen = menu.matches(":popover-open") ? button : null;
  closeMenu();
}, true);

window.addEventListener("resize", closeMenu);
window.addEventListener("scroll", (event) => {
  if (button && /** @type {Node} */ (event.target).contains(button)) closeMenu(); // it would hang in the air
}, { capture: true, passive: true });
