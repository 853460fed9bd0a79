// Connects the three places a region is named in: the picture, the cards and the dialogue.
// Pointing at one lights up all; a click, Enter or Space puts the name into the message at the caret. Once
// more on the picture or a card narrows the name to the object there, and then takes it out again.
// Everything happens in the browser; listeners sit on the document because the dialogue is not ours.
import { change, exists, knownRegion, onChange, state } from "./state.js";
import { stage } from "./parts.js";
import { REGION_STEPS } from "./key_tables.js";
import { endmost, marks, marksLayer, neighbour } from "./marks.js";
import { hasSpaceMoved } from "./pan.js";
import { isDrawing } from "./tool.js";
import { say } from "./voice.js";
import { isByFinger } from "../shared/hand.js";
import { changeName, insertName, message, namesTyped } from "../shared/message.js";
import { clickMeans, clickSays } from "../shared/names.js";
import { all, closest, forHands, one } from "../shared/nodes.js";

const NAMED = "#canvas [data-region], #canvas [data-of], #regions [data-region], #chat a[href^='#R']";
const NAME = /^R\d+(\.\d+)?$/;

/** The name that the place of an event stands for, or null. */
export function nameOf(event) {
  const place = closest(event, NAMED);
  if (!place) return null;
  const name = place.dataset.object || place.dataset.objectOf || place.dataset.region || place.hash.slice(1);
  const chip = closest(event, "[data-cite]")?.dataset.cite;
  return NAME.test(chip || name) ? chip || name : null;
}

// Light -----------------------------------------------------------------------------------------------

/** Light up everything that has this name, and nothing else; null: nothing. */
export function light(name) {
  change({ lit: name });
}

/** The same once more, after nodes were made. */
export function lightAgain() {
  const region = state.lit?.split(".")[0];
  for (const old of all(".lit")) old.classList.remove("lit");
  stage.classList.toggle("has-lit", Boolean(region && one(`[data-region="${region}"]`, marksLayer)));
  if (!region) return;
  const places =
    `[data-region="${region}"], [data-of="${region}"], #chat a[href="#${region}"], #chat a[href^="#${region}."]`;
  for (const place of all(places)) place.classList.add("lit");
}

onChange(["lit"], lightAgain);

// The message -----------------------------------------------------------------------------------------

/** Put a name into the message. On a touch screen its keyboard, which would cover the picture, stays away. */
export function insert(name) {
  insertName(name, !isByFinger());
  say(`${name} was added to the question.`);
}

// A link of the dialogue may name what was deleted since.
function cite(name) {
  if (exists(name)) insert(name);
  else say(`${name} is no longer on the picture.`);
}

function citeOrTakeOut(region, object, alone) {
  const { name, other } = clickMeans(knownRegion(region), object, alone, namesTyped());
  if (!name) return insert(other);
  changeName(name, other);
  if (!isByFinger()) message().focus({ preventScroll: true });
  say(other ? `${other} alone is in the question now.` : `${name} was taken out of the question.`);
}

/** What a click on this object's group does. */
export function citeFrom({ dataset }, alone) {
  citeOrTakeOut(dataset.region, dataset.object, alone);
}

// Which marks the message names, and what a click on each would do.
function showCited() {
  const names = namesTyped();
  for (const mark of marks.values()) {
    const { group, tag, region, object } = mark;
    showTip(mark, state.tool === "select" || state.tool === "box" ? forHands(clickSays(region, object.id, names)) : "");
    const cited = names.has(region.id) || names.has(object.id);
    const name = spokenName(region, object, cited);
    if (group.getAttribute("aria-label") === name) continue;
    group.setAttribute("aria-label", name);
    for (const place of [group, tag]) place.classList.toggle("cited", cited);
  }
}

function showTip({ group, tag }, text) {
  if (tag.title === text) return;
  tag.title = text;
  group.firstChild.textContent = text;
}

function spokenName(region, object, cited) {
  return [
    region.objects.length > 1 ? object.id : region.id,
    region.title,
    object.where,
    region.lines[0].replace(/, corrected$/, ""),
    object.corrected && "corrected",
    object.doubt && "outline uncertain",
    cited && "cited",
  ].filter(Boolean).join(", ");
}

document.addEventListener("input", (event) => {
  if (closest(event, "#message")) showCited();
});
// The message is emptied from outside, without an event, when a turn begins.
onChange(["tool", "drawn"], showCited);

// Pointer and keys ------------------------------------------------------------------------------------

function onClick(event) {
  const name = nameOf(event);
  if (!name || (state.tool !== "select" && closest(event, ".view"))) return; // the tool's own
  event.preventDefault();
  event.stopPropagation();
  const [region, part] = name.split(".");
  if (closest(event, "#chat")) cite(name);
  else citeOrTakeOut(region, part ? name : null, event.shiftKey || closest(event, "[data-cite]"));
}

function onKey(event) {
  const object = closest(event, "#canvas [data-object]");
  if (!object || state.tool === "correct" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in REGION_STEPS) neighbour(object.dataset.object, REGION_STEPS[event.key])?.focus();
  else if (event.key === "Home" || event.key === "End") endmost(event.key === "Home" ? 0 : -1)?.focus();
  else if (event.key === "Enter") citeFrom(object, event.shiftKey);
  else return;
  event.preventDefault();
}

// Space cites when it is let go, unless the picture was moved with it.
function onKeyUp(event) {
  const object = closest(event, "#canvas [data-object]");
  if (event.key === " " && object && state.tool !== "correct" && !hasSpaceMoved()) citeFrom(object, event.shiftKey);
}

// While something is being drawn or held, pointing elsewhere on the picture lights nothing.
function onPoint(event) {
  light((isDrawing() || state.held) && closest(event, ".view") ? null : nameOf(event));
}

document.addEventListener("click", onClick, true);
document.addEventListener("keydown", onKey);
document.addEventListener("keyup", onKeyUp);
document.addEventListener("pointerover", onPoint);
document.addEventListener("focusin", onPoint);
document.addEventListener("focusout", () => light(null));
// For whoever builds on the page.
document.addEventListener("cite", (event) => cite(/** @type {CustomEvent} */ (event).detail));
