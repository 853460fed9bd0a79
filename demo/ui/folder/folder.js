// The line that says where one is in a folder of pictures, and leads on and back.
import { FOLDER_KEYS, letterOf } from "../canvas/key_tables.js";
import { component } from "../shared/components.js";
import { closest, icon, isTyping, one } from "../shared/nodes.js";
import { inParts, showList } from "./list.js";
import { done, isDone, seriesOf } from "./series.js";
import { begin, change, onChange, state, tell } from "./state.js";
import { goBy, goToUndone } from "./walk.js";

const NOTHING_TO_REPEAT = "Ask something about a picture first. Then the next ones can be asked the same.";
const NONE_HERE = "There is no picture in this folder that can be opened.";
const { element, props } = component("folder/folder");
const bar = one(".folder-bar", element);
const input = one(".folder-input", element);
const ACTS = {
  next: () => goBy(1),
  previous: () => goBy(-1),
  undone: goToUndone,
  list: showList,
  same: askTheSame,
  close,
};

function close() {
  begin([], "");
  tell("The folder is closed. All dialogues stay.");
}

function draw() {
  const { items, at, isHere, going, name } = state;
  const item = items[going < 0 ? at : going];
  const isShown = item && (isHere || going >= 0);
  bar.hidden = !items.length;
  element.closest("#folder")?.toggleAttribute("data-open", items.length > 0);
  write(".folder-place", item ? `${items.indexOf(item) + 1} of ${items.length}` : `${items.length} pictures`);
  writeName(isShown ? item.name : name);
  write(".folder-done", going >= 0 ? "opening…" : isShown ? done(item) : "not on the page now");
  bar.toggleAttribute("data-done", Boolean(isShown && isDone(item)));
  bar.setAttribute("aria-busy", String(going >= 0));
}

function write(place, text) {
  const there = one(place, bar);
  if (there.textContent !== text) there.textContent = text;
}

function writeName(name) {
  const there = one(".folder-name", bar);
  if (there.title === name) return;
  there.title = name;
  there.replaceChildren(...inParts(name));
}

// What was asked before stands above the message, where a click asks it.
function askTheSame() {
  const offered = ["#play", "#next"].map((name) => one(name)).find((button) => button?.checkVisibility());
  if (offered) offered.click();
  else tell(NOTHING_TO_REPEAT);
}

function onKey(event) {
  const { defaultPrevented, isComposing, ctrlKey, metaKey, altKey, shiftKey, repeat } = event;
  if (defaultPrevented || isComposing || ctrlKey || metaKey || altKey || shiftKey) return;
  const run = ACTS[FOLDER_KEYS[letterOf(event)]];
  if (!run || !state.items.length || isTyping(event) || one("dialog[open]")) return;
  event.preventDefault();
  if (!repeat) run(); // nothing happens after it was let go
}

function take() {
  const found = [...input.files].map((file) => ({ file, path: pathIn(file) }));
  const name = input.files[0]?.webkitRelativePath.split("/")[0] || "";
  input.value = "";
  if (!found.length) return;
  if (seriesOf(found).items.length) begin(found, name);
  else tell(NONE_HERE);
}

function pathIn({ webkitRelativePath, name }) {
  return webkitRelativePath.split("/").slice(1).join("/") || name;
}

one("[data-folder=previous]", bar).append(icon("chevron"));
one("[data-folder=next]", bar).append(icon("chevron"));
one("[data-folder=close]", bar).append(icon("close"));
document.addEventListener("click", (event) => {
  if (closest(event, "#show-folder")) input.click();
});
input.addEventListener("change", take);
element.addEventListener("click", (event) => {
  const button = closest(event, "[data-folder]");
  if (button) ACTS[button.dataset.folder]();
});
window.addEventListener("keydown", onKey);
change({ keeps: props.keeps });
onChange(["items", "at", "isHere", "going", "marks"], draw);
draw();
