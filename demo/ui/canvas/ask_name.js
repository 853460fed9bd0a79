// Asks for the name of what was just drawn: a small field beside it. Enter takes what is typed, or else the name
// given last; 1 to 9 take a name of the list; Esc leaves it without. It does not wait for the server: the
// name is sent once the region is there.
import { onChange, pictureSize, state } from "./state.js";
import { sheet, stage, view } from "./parts.js";
import { act } from "./acts.js";
import { askCloser } from "./closer.js";
import { placeBeside } from "./geometry.js";
import { lastName, MAX_LENGTH, namesFor, noteLast, noteNames, tidy } from "./names_used.js";
import { setTool, whenToolEnds } from "./tool.js";
import { onLayout } from "./view.js";
import { say } from "./voice.js";
import { buttonNode, closest, isTyping, node, one } from "../shared/nodes.js";

/** @typedef {{ region: string | null, isGone: boolean }} Drawn What was drawn: its region once there is one, or that it was refused. */

const DIGITS = 9;
const GAP = 8; // screen pixels between the box and the field
const field = node("input", {
  type: "text",
  maxlength: MAX_LENGTH,
  role: "combobox",
  "aria-label": "Name of what you drew",
  "aria-controls": "names-used",
  "aria-expanded": "false",
  "aria-autocomplete": "list",
  autocomplete: "off",
  enterkeyhint: "done",
});
const list = node("div", { id: "names-used", class: "names-used", role: "listbox", "aria-label": "Names so far" });
const closer = buttonNode({ class: "name-closer" }, "Look closer");
const panel = node("div", { class: "ask-name", hidden: "" }, field, list, closer);
let asked = null; // what is to be named: { drawn, box, byKeys, picture }
let active = -1; // which row of the list the arrow keys are at

/**
 * Ask for a name. Whoever is writing something else goes on with that; fingers get their keyboard when they tap.
 * @param {Drawn} drawn @param {import("./scene.d.ts").Box} box @param {"keys" | "mouse" | "touch"} by
 */
export function askName(drawn, box, by) {
  leave();
  asked = { drawn, box, byKeys: by === "keys", picture: state.scene.picture };
  field.value = "";
  field.placeholder = lastName() ? `Name: Enter for ${lastName()}` : "Name it";
  panel.hidden = false;
  drawList();
  place();
  const busy = isTyping({ target: document.activeElement }) || one("dialog[open]");
  if (by !== "touch" && !busy) field.focus({ preventScroll: true });
}

/** What was drawn is on the picture, or was refused. @param {Drawn} drawn @param {string | null} region */
export function answerDrawn(drawn, region) {
  Object.assign(drawn, { region, isGone: !region });
  if (!region && asked?.drawn === drawn) close();
}

function give(name) {
  const { drawn } = asked;
  const label = tidy(name);
  close();
  if (!label || drawn.isGone) return;
  noteLast(label);
  act(
    () => (drawn.region ? { kind: "rename", region: drawn.region, label } : null),
    null,
    () => say(`${drawn.region} is named ${label}.`),
  );
}

// Asks about what was drawn alone; it may still be on its way.
function lookAtIt() {
  const { drawn } = asked;
  setTool("select"); // which leaves the field, too
  askCloser(() => drawn.region);
}

// Whoever goes on to something else keeps what they have typed.
function leave() {
  if (!asked) return;
  if (field.value.trim() && asked.picture?.path === state.scene.picture?.path) give(field.value);
  else close();
}

function close() {
  const held = panel.contains(document.activeElement);
  asked = null;
  panel.hidden = true;
  field.setAttribute("aria-expanded", "false");
  if (held) stage.focus({ preventScroll: true });
}

// The list ------------------------------------------------------------------------------------------

function rows() {
  return namesFor(field.value).slice(0, DIGITS);
}

function drawList() {
  active = -1;
  const names = rows();
  list.replaceChildren(...names.map(drawRow));
  list.hidden = !names.length;
  field.setAttribute("aria-expanded", String(names.length > 0));
  field.removeAttribute("aria-activedescendant");
}

function drawRow(name, index) {
  const digit = field.value ? [] : [node("kbd", { "aria-hidden": "true" }, String(index + 1))];
  return node(
    "div",
    { role: "option", id: `name-used-${index}`, "data-name": name, "aria-selected": "false" },
    ...digit,
    node("bdi", {}, name),
  );
}

function step(by) {
  const options = [...list.children];
  if (!options.length) return;
  active = (active + by + options.length + (active < 0 && by < 0 ? 1 : 0)) % options.length;
  options.forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
  options[active].scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", options[active].id);
}

// Where it is ---------------------------------------------------------------------------------------

function place() {
  if (!asked) return;
  const [whole, room, [width, height]] = [sheet.getBoundingClientRect(), stage.getBoundingClientRect(), pictureSize()];
  const at = (value, i) =>
    i % 2
      ? whole.top - room.top + (value / height) * whole.height
      : whole.left - room.left + (value / width) * whole.width;
  /** @type {any} */
  const box = asked.box.map(at);
  const [x, y] = placeBeside(box, [panel.offsetWidth, panel.offsetHeight], [room.width, room.height], GAP);
  panel.style.translate = `${Math.round(x)}px ${Math.round(y)}px`;
}

// Keys and presses ----------------------------------------------------------------------------------

function onFieldKey(event) {
  if (!asked || event.isComposing) return;
  const { key } = event;
  const digit = !field.value && !event.altKey && /^[1-9]$/.test(key) ? rows()[Number(key) - 1] : undefined;
  if (digit) give(digit);
  else if (key === "Enter") give(rows()[active] ?? (field.value || lastName()));
  else if (key === "ArrowDown" || key === "ArrowUp") step(key === "ArrowDown" ? 1 : -1);
  else if (key === "Escape") escape();
  else if (!field.value && isUndo(event)) undo();
  else return event.stopPropagation(); // letters are the name's
  event.preventDefault();
  event.stopPropagation();
}

// With a mouse in hand the next box needs no Esc before it, so there Esc also puts the tool away, as ever.
function escape() {
  const { byKeys } = asked;
  close();
  if (!byKeys) setTool("select");
}

function isUndo({ key, ctrlKey, metaKey, shiftKey }) {
  return (ctrlKey || metaKey) && !shiftKey && key.toLowerCase() === "z";
}

function undo() {
  close();
  one("#undo").click();
}

stage.append(panel);
field.addEventListener("keydown", onFieldKey);
field.addEventListener("input", () => {
  drawList();
  place();
});
field.addEventListener("focusout", ({ relatedTarget }) => {
  if (document.hasFocus() && relatedTarget !== closer) leave();
});
closer.addEventListener("focusout", ({ relatedTarget }) => {
  if (document.hasFocus() && relatedTarget !== field) leave();
});
list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the keyboard
list.addEventListener("click", (event) => {
  const option = closest(event, "[data-name]");
  if (option) give(option.dataset.name);
});
closer.addEventListener("pointerdown", (event) => event.preventDefault());
closer.addEventListener("click", lookAtIt);
view.addEventListener("pointerdown", leave, true);
view.addEventListener("scroll", place, { passive: true });
onLayout(place);
onChange(["drawn"], () => noteNames(state.scene.regions.map(({ title }) => title)));
whenToolEnds(leave);
