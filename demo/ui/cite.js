// Connects the three places a region is named in: the picture, the cards and the dialogue.
// Pointing at one lights up all; a click, Enter or Space puts the name into #message at the caret.
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

// What a click there cites; with a tool in hand, a click on the picture is the tool's.
function cited(target, alone) {
  const chip = target.closest("[data-cite]")?.dataset.cite;
  const name = nameOf(target);
  if (chip || !name) return chip || null;
  if (tool !== "select" && target.closest(".view")) return null;
  return alone || target.closest("#chat") ? name : name.split(".")[0];
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

function neighbour(from, step) {
  const all = shownObjects().map(({ object }) => object.id);
  return objectNode(all[(all.indexOf(from) + step + all.length) % all.length]);
}

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function onClick(event) {
  const name = cited(event.target, event.shiftKey);
  if (!name) return;
  event.preventDefault();
  event.stopPropagation();
  cite(name);
}

function onKey(event) {
  const object = event.target.closest?.("#canvas [data-object]");
  if (!object || tool === "correct" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in STEPS) neighbour(object.dataset.object, STEPS[event.key]).focus();
  else if (event.key === "Enter") cite(nameToCite(object, event.shiftKey));
  else return;
  event.preventDefault();
}

// Space cites when it is let go, unless the picture was moved with it (touch.js).
function onKeyUp(event) {
  const object = event.target.closest?.("#canvas [data-object]");
  if (event.key === " " && object && tool !== "correct" && !spaceUsed) cite(nameToCite(object, event.shiftKey));
}

function nameToCite(object, alone) {
  return alone ? object.dataset.object : object.dataset.region;
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
