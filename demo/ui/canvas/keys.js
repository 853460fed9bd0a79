// Keys that work anywhere on the page. Heard last, on the window: whoever uses a key first (a tool, a list, a
// field) prevents its default.
import { state } from "./state.js";
import { hideChosen } from "./chosen.js";
import { askMeantCloser, leavePart } from "./closer.js";
import { filmKey } from "./film.js";
import { PAGE_KEYS, stepOf } from "./key_tables.js";
import { mayUseSingleKeys } from "./keys_sheet.js";
import { endLook, LOOKS } from "./looks.js";
import { regionMeant } from "./only.js";
import { hideOrShow } from "./region_menu.js";
import { tell } from "./voice.js";
import { menu } from "../shared/menu.js";
import { message } from "../shared/message.js";
import { isTyping, one } from "../shared/nodes.js";

const ACTS = { ...LOOKS, write: () => message()?.focus(), hide: hideMeant, closer: askMeantCloser };

function hideMeant() {
  if (hideChosen()) return;
  const region = regionMeant();
  if (region) hideOrShow(region);
  else tell("Point at a region first, or go there with Tab, then press H.");
}

function isSingle({ key, ctrlKey, metaKey, altKey }) {
  return key.length === 1 && key !== " " && !ctrlKey && !metaKey && !altKey;
}

function onAnyKey(event) {
  if (event.defaultPrevented || event.isComposing || one("dialog[open]")) return;
  if (event.key === "Escape") return onEscape(event);
  if (isTyping(event)) return;
  const step = stepOf(event);
  if (step) return press(step, event);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const run = ACTS[PAGE_KEYS[event.key.toLowerCase()]] || filmKey(event.key);
  if (!run || (!state.scene.picture && event.key !== "?" && event.key !== "/")) return;
  event.preventDefault();
  run();
}

// A key that is held down goes no faster than the answers come, so that nothing happens after it was let go.
function press(step, event) {
  event.preventDefault();
  if (!event.repeat || !state.acts.length) one(`#${step}`).click();
}

function onEscape(event) {
  const stop = one("#stop");
  if (leavePart() || endLook()) event.preventDefault();
  else if (stop?.checkVisibility()) stop.click();
  else if (event.target === message()) message().blur(); // single keys work again
}

window.addEventListener("keydown", onAnyKey);
window.addEventListener("keydown", (event) => {
  if (isSingle(event) && !isTyping(event) && !menu.contains(event.target) && !mayUseSingleKeys()) {
    event.stopImmediatePropagation();
  }
}, true);
