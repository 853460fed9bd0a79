// One menu for the whole page, a line that says what was done, and the clipboard.
// It knows nothing of regions: who opens the menu gives its items as { text, key, icon, run, apart }.

const TOLD_MS = 2600;
const menu = node("div", { class: "menu", role: "menu", popover: "manual" }); // an automatic one closes when the press that opened it ends
const told = node("div", { class: "told", "aria-hidden": "true" });
let menuItems = [];
let menuButton = null; // the button the menu hangs on
let menuFrom = null; // where the keyboard was
let pressedOpen = null; // the button whose menu was open when the press began: that click only closes it
let telling = 0;

element.append(menu);
stage.append(told);

function openMenu(button, label, items, at = button.getBoundingClientRect()) {
  closeMenu();
  [menuItems, menuButton, menuFrom] = [items, button, document.activeElement];
  menu.setAttribute("aria-label", label);
  menu.replaceChildren(...items.flatMap(menuItem));
  button.setAttribute("aria-expanded", "true");
  menu.showPopover();
  placeMenu(at);
  menu.firstChild.focus({ preventScroll: true });
}

function menuItem({ text, key, icon, apart }, index) {
  const item = node("button", { type: "button", role: "menuitem", tabindex: "-1", "data-item": index },
    drawIcon(icon), node("span", {}, text), ...(key ? [node("kbd", { "aria-hidden": "true" }, key)] : []));
  return apart ? [node("div", { role: "separator" }), item] : [item];
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
  menuButton.setAttribute("aria-expanded", "false");
  if (held) (menuFrom?.isConnected ? menuFrom : menuButton).focus({ preventScroll: true });
}

const MENU_STEPS = { ArrowDown: (at, n) => (at + 1) % n, ArrowUp: (at, n) => (at - 1 + n) % n, Home: () => 0, End: (_, n) => n - 1 };

menu.addEventListener("keydown", (event) => {
  const all = [...menu.querySelectorAll("[data-item]")];
  const at = all.indexOf(document.activeElement);
  if (event.key in MENU_STEPS) all[MENU_STEPS[event.key](at, all.length)].focus();
  else if (event.key === "Tab") closeMenu();
  else if (event.key === "Escape") closeMenu();
  else if (/^\p{L}$/u.test(event.key)) startingWith(all, at, event.key)?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
});

function startingWith(all, at, letter) {
  const later = [...all.slice(at + 1), ...all.slice(0, at + 1)];
  return later.find((item) => item.textContent.trim().toLowerCase().startsWith(letter.toLowerCase()));
}

menu.addEventListener("click", (event) => {
  const item = event.target.closest("[data-item]");
  if (!item) return;
  const { run } = menuItems[item.dataset.item];
  closeMenu(); // gives the keyboard's place back first, so that an act can take it
  run();
});

menu.addEventListener("focusout", ({ relatedTarget }) => {
  if (relatedTarget && !menu.contains(relatedTarget)) closeMenu();
});

window.addEventListener("pointerdown", (event) => {
  if (menu.contains(event.target)) return;
  pressedOpen = menu.matches(":popover-open") ? menuButton : null;
  closeMenu();
}, true);

window.addEventListener("resize", closeMenu);
window.addEventListener("scroll", (event) => {
  if (menuButton && event.target.contains(menuButton)) closeMenu(); // it would hang in the air
}, { capture: true, passive: true });

function drawIcon(d) {
  return shape("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, shape("path", { d }));
}

// For those who see, on the picture; for those who listen, through the page's one voice.
function tell(text) {
  say(text);
  told.textContent = text;
  told.classList.add("on");
  clearTimeout(telling);
  telling = setTimeout(() => told.classList.remove("on"), TOLD_MS);
}

// Browsers give the clipboard to pages from this computer or over https only; the old way works anywhere.
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyTheOldWay(text);
  }
}

function copyTheOldWay(text) {
  const held = document.activeElement;
  const field = node("textarea", { class: "spoken", "aria-hidden": "true" });
  field.value = text;
  element.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  held?.focus?.({ preventScroll: true });
  return copied;
}
