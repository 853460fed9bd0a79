// Nodes of the page: made from names and attributes, so that what people and models wrote is only ever text,
// and found again.

/** Where there is no mouse, people tap. */
export const FINGERS = matchMedia("(hover: none)");
const ICONS = {
  close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  check: "M5 12.5l4.5 4.5L19 7.5",
  chevron: "M7 10l5 5 5-5",
  pin: "M9 4h6l-.8 6 3.3 3.5H6.5L9.8 10zM12 13.5V20",
  pen: "M4 20h4L19.5 8.5l-4-4L4 16zM13 7l4 4",
  save: "M12 4v11M7.5 10.8L12 15.3l4.5-4.5M5 19.5h14",
  bin: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v5.5M13.5 10.5v5.5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  play: "M8 5.5v13l10.5-6.5z",
};

/** What the page says about clicks, for whom it says it. @param {string} text */
export function forHands(text) {
  return FINGERS.matches ? text.replace(/\bclick\b/g, "tap").replace(/\bClick\b/g, "Tap") : text;
}

/**
 * The first element that fits in `root`; null where there is none. The template says which kind it is.
 * @param {string} selector @param {ParentNode} [root] @returns {any}
 */
export function one(selector, root = document) {
  return root.querySelector(selector);
}

/** @param {string} selector @param {ParentNode} [root] @returns {any[]} */
export function all(selector, root = document) {
  return [...root.querySelectorAll(selector)];
}

/**
 * The element round an event's target that fits, or null.
 * @param {{ target: any }} event @param {string} selector @returns {any}
 */
export function closest({ target }, selector) {
  return target?.closest?.(selector) ?? null;
}

/** @typedef {Record<string, unknown>} Attributes Those that are null or undefined are left out. */

/** The element that fits round the keyboard's place, or null. @param {string} selector @returns {any} */
export function focused(selector) {
  return document.activeElement?.closest(selector) ?? null;
}

/**
 * An element of the page.
 * @param {string} name @param {Attributes} attributes @param {(Node | string)[]} children @returns {any}
 */
export function node(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/**
 * A button of the page, which sends no form.
 * @param {Attributes} attributes @param {(Node | string)[]} children @returns {HTMLButtonElement}
 */
export function buttonNode(attributes, ...children) {
  return node("button", { type: "button", ...attributes }, ...children);
}

/**
 * An element of a drawing.
 * @param {string} name @param {Attributes} attributes @param {(Node | string)[]} children @returns {any}
 */
export function shape(name, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

/**
 * Give an element attributes and children.
 * @param {Element} made @param {Attributes} attributes @param {(Node | string)[]} children
 */
export function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/** A sentence of the page, what it quotes apart from its own words. @param {string} sentence */
export function quoted(sentence) {
  return sentence.split(/(?<=“)([^”]*)(?=”)/).map((part, i) => i % 2 ? node("bdi", {}, part) : part);
}

/** An icon of the panels, drawn on 24 × 24. @param {keyof typeof ICONS} name */
export function icon(name) {
  return shape(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" },
    shape("path", { d: ICONS[name] }),
  );
}

/** A dialog's × and a click beside it close it; Esc is the browser's own. @param {HTMLDialogElement} dialog */
export function closesByHand(dialog) {
  const cross = one(".shut", dialog);
  cross.append(icon("close"));
  cross.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    const { left, right, top, bottom } = dialog.getBoundingClientRect();
    const inside = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
    if (event.target === dialog && !inside) dialog.close();
  });
}

/**
 * The browser's storage, used; null where it is forbidden.
 * @template T
 * @param {(items: Storage) => T} use @param {"localStorage" | "sessionStorage"} [kind] @returns {T | null}
 */
export function storage(use, kind = "localStorage") {
  try {
    return use(window[kind]);
  } catch {
    return null;
  }
}

/** How to scroll: smoothly for whoever has nothing against it. @returns {ScrollBehavior} */
export function scrollBehavior() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
}

/**
 * Run `start` with the first element that fits, as soon as it is on the page.
 * @param {string} selector @param {(place: any) => void} start
 */
export function whenThere(selector, start) {
  const place = one(selector);
  if (place) start(place);
  else requestAnimationFrame(() => whenThere(selector, start));
}

/** Whether a key goes into a text that is being written. @param {{ target: any }} event */
export function isTyping(event) {
  return Boolean(
    closest(event, "textarea, select, [contenteditable=''], [contenteditable=true], input:not([type=range])"),
  );
}

/** An icon of the canvas and the menus, drawn on 20 × 20. @param {string} d */
export function drawIcon(d) {
  return shape("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, shape("path", { d }));
}
