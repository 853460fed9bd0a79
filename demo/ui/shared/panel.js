// Panels that stand behind a button: the button opens and closes them, and so do Esc and a press elsewhere.
import { closest, one } from "./nodes.js";

/**
 * Let the panel that fits `panel` stand behind the button that fits `opener`; the function returned opens or closes it.
 * @param {string} opener @param {string} panel
 */
export function standsBehind(opener, panel) {
  const isOpen = () => one(opener)?.getAttribute("aria-expanded") === "true";
  const open = (/** @type {boolean} */ now) => {
    one(opener)?.setAttribute("aria-expanded", String(now));
    one(panel)?.classList.toggle("open", now);
  };
  document.addEventListener("click", (event) => {
    if (closest(event, opener)) open(!isOpen());
    else if (isOpen() && (!closest(event, panel) || closest(event, `${panel}[data-leaves] button`))) open(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    event.preventDefault();
    event.stopPropagation();
    open(false);
    one(opener).focus();
  }, true);
  return open;
}
