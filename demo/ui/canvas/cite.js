// Connects the three places a region is named in: the picture, the cards and the dialogue.
// Pointing at one lights up all; a click, Enter or Space puts the name into #message at the caret. Once
// more on the picture or a card narrows the name to the object there, and then takes it out again.
// Everything happens in the browser; listeners sit on the document because the dialogue is not ours.

const NAMED = "#canvas [data-region], #canvas [data-of], #regions [data-region], #chat a[href^='#R']";
const NAME = /^R\d+(\.\d+)?$/;
let lit = null;
let touched = false; // whether the last press was a finger's

function nameOf(target) {
  const place = target.closest?.(NAMED);
  if (!place) return null;
  const name = place.dataset.object || place.dataset.objectOf || place.dataset.region || place.hash.slice(1);
  const chip = target.closest("[data-cite]")?.dataset.cite;
  return NAME.test(chip || name) ? chip || name : null;
}

function light(name) {
  if (name === lit) return;
  lit = name;
  lightAgain();
}

function lightAgain() {
  const region = lit && lit.split(".")[0];
  for (const old of document.querySelectorAll(".lit")) old.classList.remove("lit");
  stage.classList.toggle("has-lit", Boolean(region && marksLayer.querySelector(`[data-region="${region}"]`)));
  if (!region) return;
  const places = `[data-region="${region}"], [data-of="${region}"], #chat a[href="#${region}"], #chat a[href^="#${region}."]`;
  for (const place of document.querySelectorAll(places)) place.classList.add("lit");
}

function message() {
  return document.querySelector("#message textarea");
}

// On a touch screen the text box is not focused: its keyboard would cover the picture.
function insert(name) {
  const box = message();
  const [start, end] = [box.selectionStart, box.selectionEnd];
  const [before, after] = [box.value.slice(0, start), box.value.slice(end)];
  const lead = /[^\s(]$/.test(before) ? " " : "";
  const trail = /^[\s.,;:?!)]/.test(after) ? "" : " ";
  setText(box, before + lead + name + trail + after);
  const caret = start + lead.length + name.length + trail.length;
  if (!touched) box.focus({ preventScroll: true });
  box.setSelectionRange(caret, caret);
  say(`${name} was added to the question.`);
}

function setText(box, text) {
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

// A link of the dialogue may name what was deleted since.
function isThere(name) {
  return scene.regions.some(({ id, objects }) => id === name || objects.some((object) => object.id === name));
}

function cite(name) {
  if (isThere(name)) insert(name);
  else say(`${name} is no longer on the picture.`);
}

// What a click on an object does to the message, as { name, other }: `other` is put in the place of `name`
// (none of it: taken out), or added when there is no `name`. Without `object` the whole region is meant.
function clickMeans(region, object, alone, named = namesInMessage()) {
  const { id, objects } = region;
  const many = objects.length > 1;
  if (object && many && named.has(id)) return { name: id, other: object };
  const exact = object && (many || named.has(object)) ? object : id;
  if (named.has(exact)) return { name: exact, other: null };
  const parted = object && many && objects.some((one) => named.has(one.id));
  return { name: null, other: object && (alone || parted) ? object : id };
}

function namesInMessage() {
  const text = (message()?.value || "").replace(/"[^"]*"|“[^”]*”/g, ""); // a sign that reads "R2"
  return new Set((text.match(MARK_NAMES) || []).map((name) => name.toUpperCase()));
}

function citeOrTakeOut(region, object, alone) {
  const { name, other } = clickMeans(regionOf(region), object, alone);
  if (!name) return insert(other);
  document.dispatchEvent(new CustomEvent("change-name", { detail: { name, other } }));
  if (!touched) message().focus({ preventScroll: true });
  say(other ? `${other} alone is in the question now.` : `${name} was taken out of the question.`);
}

// The same in words, as a tooltip.
function clickSays({ region, object }, named) {
  const { name, other } = clickMeans(region, object.id, false, named);
  if (!name) return forHands(`Click to cite ${other}`);
  return forHands(other ? `Click to cite ${other} alone` : `Click to take ${name} out of the question`);
}

function neighbour(from, step) {
  const all = shownObjects().map(({ object }) => object.id);
  return objectNode(all[(all.indexOf(from) + step + all.length) % all.length]);
}

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function onClick(event) {
  const name = nameOf(event.target);
  if (!name || (tool !== "select" && event.target.closest(".view"))) return; // the tool's own
  event.preventDefault();
  event.stopPropagation();
  const [region, part] = name.split(".");
  if (event.target.closest("#chat")) cite(name);
  else citeOrTakeOut(region, part ? name : null, event.shiftKey || event.target.closest("[data-cite]"));
}

function onKey(event) {
  const object = event.target.closest?.("#canvas [data-object]");
  if (!object || tool === "correct" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in STEPS) neighbour(object.dataset.object, STEPS[event.key]).focus();
  else if (event.key === "Enter") citeFrom(object, event.shiftKey);
  else return;
  event.preventDefault();
}

// Space cites when it is let go, unless the picture was moved with it (touch.js).
function onKeyUp(event) {
  const object = event.target.closest?.("#canvas [data-object]");
  if (event.key === " " && object && tool !== "correct" && !spaceUsed) citeFrom(object, event.shiftKey);
}

function citeFrom({ dataset }, alone) {
  citeOrTakeOut(dataset.region, dataset.object, alone);
}

// While something is being drawn or held, pointing elsewhere on the picture lights nothing.
function onPoint(event) {
  const drawing = tool === "box" || tool === "point" || held;
  light(drawing && event.target.closest?.(".view") ? null : nameOf(event.target));
}

document.addEventListener("click", onClick, true);
document.addEventListener("keydown", onKey);
document.addEventListener("keyup", onKeyUp);
document.addEventListener("pointerover", onPoint);
document.addEventListener("focusin", onPoint);
document.addEventListener("focusout", () => light(null));
document.addEventListener("cite", ({ detail }) => cite(detail));
document.addEventListener("pointerdown", ({ pointerType }) => {
  touched = pointerType === "touch";
}, true);
document.addEventListener("keydown", () => {
  touched = false;
}, true);
