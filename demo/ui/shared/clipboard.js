// The clipboard. Browsers give it to pages from this computer or over https only; the old way works anywhere.
import { node } from "./nodes.js";

/**
 * Copy a text; whether that was possible. `place` is where the old way puts a field for a moment.
 * @param {string} text @param {HTMLElement} place
 */
export async function copyText(text, place) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyTheOldWay(text, place);
  }
}

function copyTheOldWay(text, place) {
  const focused = /** @type {HTMLElement} */ (document.activeElement);
  const field = node("textarea", { class: "spoken", "aria-hidden": "true" });
  field.value = text;
  place.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus?.({ preventScroll: true });
  return copied;
}
