// Whether a finger acts. Then no field takes the keyboard's place by itself: the keyboard that comes with it would
// cover half of a small screen.
let touched = false;

/** Whether the last thing that was done was done with a finger. */
export function isByFinger() {
  return touched;
}

/**
 * Give the keyboard's place to a field or, where a finger has opened what it stands in, to something else there.
 * @param {HTMLElement | null} field @param {HTMLElement} otherwise
 */
export function focusField(field, otherwise) {
  (touched ? otherwise : field)?.focus({ preventScroll: true });
}

document.addEventListener("pointerdown", ({ pointerType }) => {
  touched = pointerType === "touch";
}, true);
document.addEventListener("keydown", () => {
  touched = false;
}, true);
