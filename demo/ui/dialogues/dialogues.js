// The panel of former dialogues: search, open, rename, pin, delete, carry away and bring back as files. Its
// list is asked for when it opens. And a tab that was loaded again asks for the dialogue it showed.
import { onChange, state } from "../canvas/state.js";
import { onAnswer } from "../shared/answers.js";
import { component } from "../shared/components.js";
import { focusField } from "../shared/hand.js";
import { buttonNode, closesByHand, closest, icon, node, one, storage } from "../shared/nodes.js";
import { giveFiles } from "../shared/upload.js";

const { element, props, trigger, watch } = component("dialogues/dialogues");
const OPEN_HERE = "regionreasoner.dialogue"; // this tab's dialogue; "none" after New. Of no use to others
const PAGE_ROWS = 24; // as in panel.py
const SEARCH_MS = 200;
const dialog = one("dialog", element);
const list = one(".kept-list", dialog);
const search = one(".kept-search", dialog);
const remark = one(".kept-said", dialog);
const more = one(".kept-more", dialog);
const fileInput = one(".kept-file", dialog);
const format = one(".kept-format", dialog);
const saveAll = one(".kept-save-all", dialog);
const cancel = one(".kept-cancel", dialog);
const FORMAT = "regionreasoner.format"; // the one chosen last
const DIALOGUE = "session"; // as in annotations/command.py: the file that can be opened again
let count = PAGE_ROWS;
let held = null; // the row and button that had the keyboard when an act was sent
let searching = 0;

/** @param {import("./dialogues.d.ts").DialogueAct["kind"]} kind @param {Partial<import("./dialogues.d.ts").DialogueAct>} [details] */
function send(kind, details = {}) {
  trigger("library", { kind, search: search.value, count, ...details });
}

/** @param {import("./dialogues.d.ts").DialoguesValue} value */
function show(value) {
  say(value.said, value.failed);
  if (value.dialogues) drawList(value);
  if (value.making !== undefined) cancel.disabled = !value.making;
  if (value.file) carryAway(value.file);
  if (value.close) dialog.close();
}

function say(text, failed) {
  remark.textContent = text || "";
  remark.classList.toggle("failed", Boolean(failed));
}

// The list ---------------------------------------------------------------------------------------------

/** @param {import("./dialogues.d.ts").DialoguesValue} value */
function drawList({ dialogues = [], left = 0, bound, here, user }) {
  list.replaceChildren(...dialogues.map(row));
  if (!dialogues.length) {
    list.append(
      node(
        "li",
        { class: "kept-none" },
        search.value.trim() ? "No dialogue has all of these words." : "There is no dialogue yet.",
      ),
    );
  }
  list.removeAttribute("aria-busy");
  more.hidden = !left;
  more.textContent = `Show ${Math.min(left, PAGE_ROWS)} more`;
  one(".kept-bound", dialog).textContent = bound;
  one(".kept-save", dialog).disabled = !here;
  const all = dialogues.length + left;
  saveAll.disabled = !all;
  saveAll.textContent = search.value.trim() ? `All ${all} found` : `All ${all}`;
  one(".kept-user", dialog).hidden = !user;
  one(".kept-user b", dialog).textContent = user;
  if (held) focusAgain();
}

/** @param {import("./dialogues.d.ts").Kept} kept */
function row(kept) {
  const picture = node("img", { src: kept.small, alt: "" });
  const facts = [`${kept.turns} question${kept.turns === 1 ? "" : "s"}`, when(kept.at)];
  const marks = [
    kept.open ? node("em", {}, "open") : "",
    kept.going
      ? node(
        "em",
        { class: "going", title: "The oldest dialogue without a pin goes first" },
        "goes first when room is needed",
      )
      : "",
  ];
  const open = buttonNode(
    { class: "kept-open", "data-do": "open" },
    picture,
    node("span", {}, node("b", { dir: "auto" }, kept.title), node("small", {}, facts.join(" · "), ...marks)),
  );
  const acts = node(
    "div",
    { class: "kept-acts" },
    act("pin", "pin", kept.pinned ? "Unpin" : "Pin: keep it whatever its age", kept, { "aria-pressed": kept.pinned }),
    act("pen", "rename", "Rename", kept),
    act("save", "export", "Save in the chosen format", kept),
    act("bin", "delete", "Delete", kept),
  );
  const made = node(
    "li",
    { "data-id": kept.id, class: kept.open ? "here" : null, "aria-current": kept.open || null },
    open,
    acts,
  );
  made.kept = kept;
  return made;
}

function act(image, name, label, { title }, more = {}) {
  return buttonNode({ "data-do": name, title: label, "aria-label": `${label}: ${title}`, ...more }, icon(image));
}

function when(seconds) {
  const at = new Date(seconds * 1000);
  const time = at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return `today, ${time}`;
  if (days === 1) return `yesterday, ${time}`;
  return `${at.toLocaleDateString(undefined, { dateStyle: "medium" })}, ${time}`;
}

// The keyboard stays at the same button of the same row, else at the row that came in its place.
function focusAgain() {
  const { id, name, index } = held;
  held = null;
  const same = one(`[data-id="${CSS.escape(id)}"] [data-do="${name}"]`, list);
  const next = list.children[Math.min(index, list.children.length - 1)]?.querySelector(".kept-open");
  const row = same || next;
  if (row) row.focus();
  else focusField(search, dialog);
}

function hold(item, name) {
  held = { id: item.dataset.id, name, index: [...list.children].indexOf(item) };
}

list.addEventListener("click", (event) => {
  const button = closest(event, "[data-do]");
  if (!button) return;
  const item = button.closest("li");
  const { id, pinned } = item.kept;
  const name = button.dataset.do;
  if (name === "open") trigger("choose", { kind: "open", id, search: search.value, count });
  else if (name === "rename") askName(item);
  else if (name === "delete") askDelete(item);
  else hold(item, name);
  if (name === "pin") send("pin", { id, pinned: !pinned });
  if (name === "export") carry({ id });
});

// One dialogue by its name, without a name the one on the page; or all that are found.
function carry({ id = "", all = false }) {
  say("The file is being made…");
  if (format.value === DIALOGUE && !all) return send("export", { id });
  cancel.disabled = false;
  trigger("save", { id, all, format: format.value, search: search.value });
}

function askName(item) {
  const { id, title } = item.kept;
  const field = node("input", { type: "text", dir: "auto", "aria-label": `New name of: ${title}`, maxlength: 80 });
  const save = node("button", { type: "submit", class: "primary" }, "Rename");
  const form = node("form", { class: "kept-ask" }, field, save, backButton(item, "rename"));
  field.value = title;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    hold(item, "rename");
    send("rename", { id, title: field.value });
  });
  item.replaceChildren(form);
  field.select();
  field.focus();
}

function askDelete(item) {
  const { id, title, turns } = item.kept;
  const sure = buttonNode({ class: "danger" }, "Delete");
  const what = `Delete “${title}” with its ${turns} question${turns === 1 ? "" : "s"} for good?`;
  sure.addEventListener("click", () => {
    hold(item, "open");
    send("delete", { id });
  });
  item.replaceChildren(
    node(
      "div",
      { class: "kept-ask", role: "group", "aria-label": what },
      node("span", {}, what),
      sure,
      backButton(item, "delete"),
    ),
  );
  sure.focus();
}

function backButton(item, name) {
  const back = buttonNode({ class: "back" }, "Keep as it is");
  back.addEventListener("click", () => takeBack(item, name));
  return back;
}

function takeBack(item, name) {
  const again = row(item.kept);
  item.replaceWith(again);
  one(`[data-do="${name}"]`, again).focus();
}

more.addEventListener("click", () => {
  held = { id: "", name: "", index: list.children.length };
  count += PAGE_ROWS;
  send("list");
});
search.addEventListener("input", () => {
  clearTimeout(searching);
  count = PAGE_ROWS;
  searching = setTimeout(() => send("list"), SEARCH_MS);
});

// Files ------------------------------------------------------------------------------------------------

function carryAway({ url, orig_name: name }) {
  const link = node("a", { href: url, download: name });
  dialog.append(link);
  link.click();
  link.remove();
}

for (const [title, formats] of props.formats || []) {
  const options = formats.map(([value, text]) => node("option", { value }, text));
  format.append(node("optgroup", { label: title }, ...options));
}
const former = storage((items) => items.getItem(FORMAT));
if ([...format.options].some(({ value }) => value === former)) format.value = former;
format.addEventListener("change", () => storage((items) => items.setItem(FORMAT, format.value)));
one(".kept-save", dialog).addEventListener("click", () => carry({}));
saveAll.addEventListener("click", () => carry({ all: true }));
cancel.addEventListener("click", () => {
  cancel.disabled = true;
  trigger("stop", {});
});
one(".kept-bring", dialog).addEventListener("click", () => fileInput.click());
fileInput.addEventListener("change", () => {
  if (fileInput.files.length) giveFiles([...fileInput.files]);
  fileInput.value = "";
  dialog.close();
});

// Opening and closing ----------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  if (!closest(event, "#show-kept")) return;
  say("");
  list.setAttribute("aria-busy", "true");
  dialog.showModal();
  focusField(search, dialog);
  send("list");
});
closesByHand(dialog);
dialog.addEventListener("keydown", (event) => {
  event.stopPropagation(); // the page's keys rest meanwhile
  const back = event.key === "Escape" && event.target.closest(".kept-ask")?.querySelector(".back");
  if (!back) return;
  event.preventDefault();
  back.click();
});

// This tab's dialogue ----------------------------------------------------------------------------------

// A browser may forbid its storage; then a reload brings back the last dialogue of all.
function remembered(use) {
  return storage(use, "sessionStorage");
}

let shown = false; // whether there has been a picture since the page was loaded
onChange(["drawn"], () => {
  const { scene } = state;
  if (scene.picture) shown = true;
  if (!shown || scene.busy) return;
  const now = scene.picture ? scene.kept : "none";
  remembered((items) => (now ? items.setItem(OPEN_HERE, now) : items.removeItem(OPEN_HERE)));
});

onAnswer({ props, watch }, show);
if (props.keeps) trigger("arrive", { kept: remembered((items) => items.getItem(OPEN_HERE)) || "" });
