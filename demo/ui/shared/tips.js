// What an icon means, for fingers: its title, while it is pressed for long. The release then does nothing.
import { closest, node } from "./nodes.js";

const LONG_MS = 500; // as long as browsers take for a long press
const MAX_TREMOR = 8; // screen pixels that a finger moves while it presses
const GAP = 8;
const ICONS = "button[title], a[title], summary[title], label[title]";
const tip = node("div", { class: "tip", role: "tooltip", popover: "manual" });
let waiting = 0;
/** @type {[number, number]} */
let from = [0, 0];

/** @param {Element} icon */
function show(icon) {
  const { left, right, top, bottom } = icon.getBoundingClientRect();
  tip.textContent = icon.getAttribute("title");
  document.body.append(tip);
  tip.showPopover();
  const [width, height] = [tip.offsetWidth, tip.offsetHeight];
  const x = Math.max(GAP, Math.min((left + right - width) / 2, innerWidth - width - GAP));
  tip.style.left = `${x}px`;
  tip.style.top = `${top - height - GAP >= 0 ? top - height - GAP : bottom + GAP}px`;
}

function end() {
  clearTimeout(waiting);
  if (tip.isConnected) tip.hidePopover();
  tip.remove();
}

/** @param {Event} event */
function swallow(event) {
  if (!tip.isConnected) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.type === "click") end();
}

window.addEventListener("pointerdown", (event) => {
  end();
  const icon = event.pointerType === "touch" && closest(event, ICONS);
  if (!icon) return;
  from = [event.clientX, event.clientY];
  waiting = setTimeout(() => show(icon), LONG_MS);
}, true);
window.addEventListener("pointermove", ({ clientX, clientY }) => {
  if (Math.hypot(clientX - from[0], clientY - from[1]) > MAX_TREMOR) clearTimeout(waiting);
}, true);
for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, () => clearTimeout(waiting), true);
for (const kind of ["click", "contextmenu"]) window.addEventListener(kind, swallow, true);
