// All pictures of the folder with what was done to each. Small pictures are made here, of those that are seen.
import { component } from "../shared/components.js";
import { buttonNode, closesByHand, closest, node, one } from "../shared/nodes.js";
import { checkKept } from "./memory.js";
import { done, isDone, partsOf, summary } from "./series.js";
import { onChange, state } from "./state.js";
import { look, lookAway } from "./thumbnails.js";
import { goTo, setAsks } from "./walk.js";

const NOT_KEPT = "Dialogues are kept in memory only: of these pictures, too, until you close or reload this page.";
const { element, props } = component("folder/folder");
const dialog = one(".folder-sheet", element);
const list = one(".folder-list", dialog);
let listed = null; // the items that the list was made of

/** Open the list at the picture that is shown. */
export function showList() {
  if (listed !== state.items) fill();
  writeAll();
  checkKept();
  dialog.showModal();
  const here = list.children[Math.max(0, state.at)];
  here?.scrollIntoView({ block: "center", behavior: "instant" });
  one("button", here)?.focus({ preventScroll: true });
}

function fill() {
  lookAway();
  listed = state.items;
  list.replaceChildren(...state.items.map(row));
}

/** @param {import("./series.js").Item} item @param {number} index */
function row(item, index) {
  const place = node("canvas", { width: 0, height: 0, "aria-hidden": "true" });
  const made = node(
    "li",
    {},
    buttonNode(
      { "data-item": index },
      node("span", { class: "folder-small" }, place),
      node(
        "span",
        { class: "folder-words" },
        node("b", { class: "folder-name", dir: "auto", title: item.name }, ...inParts(item.name)),
        item.folder ? node("small", { dir: "auto" }, item.folder) : "",
        node("small", { class: "folder-mark" }),
      ),
    ),
  );
  look(place, item.file);
  return made;
}

/** A name whose end is seen, too, where there is little room. @param {string} name */
export function inParts(name) {
  return partsOf(name).map((part) => node("span", {}, part));
}

function writeAll() {
  one("h2", dialog).replaceChildren(node("bdi", {}, state.name || "Pictures"));
  one(".folder-summary", dialog).textContent = summary(state);
  one(".folder-bound", dialog).textContent = [state.note, props.keeps ? "" : NOT_KEPT].filter(Boolean).join(" ");
  state.items.forEach(write);
}

function write(item, index) {
  const made = list.children[index];
  const text = item.trouble || done(item);
  const mark = one(".folder-mark", made);
  if (mark.textContent !== text) mark.textContent = text;
  made.dataset.state = item.trouble ? "bad" : isDone(item) ? "done" : item.seen ? "seen" : "new";
  made.toggleAttribute("aria-current", index === state.at && state.isHere);
}

dialog.addEventListener("click", (event) => {
  const chosen = closest(event, "[data-item]");
  if (!chosen && !closest(event, "[data-folder=undone]")) return;
  dialog.close();
  if (chosen) goTo(Number(chosen.dataset.item));
});
dialog.addEventListener("keydown", (event) => {
  const at = Number(closest(event, "[data-item]")?.dataset.item);
  const next = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1 }[event.key];
  event.stopPropagation(); // the page's keys rest meanwhile
  if (next === undefined || !list.children[next]) return;
  event.preventDefault();
  one("button", list.children[next]).focus();
});
one(".folder-asks", dialog).addEventListener("change", ({ target }) => setAsks(target.checked));
closesByHand(dialog);
onChange(["marks"], () => dialog.open && writeAll());
