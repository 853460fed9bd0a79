// What the message is about, as chips: the regions it names, and how words such as "it" will be read.
// Names are found here as the server finds them; what words mean comes from it with the value (`reads`).
import { change, exists, knownRegion, newestNumber, regionOf, state } from "../canvas/state.js";
import { REGION_ICONS } from "../canvas/icons.js";
import { cites, element, line, peek, props } from "./parts.js";
import { closeOffer, cropOf, isOfferOf, isOfferOpen, newestFirst, openOffer } from "./offer.js";
import { directionOf, runsFromRight } from "../shared/direction.js";
import { isByFinger } from "../shared/hand.js";
import { changeName, goToEnd, mentionsTyped, replaceTyped, typed } from "../shared/message.js";
import { asWritten, isBrand } from "../shared/names.js";
import { buttonNode, closest, drawIcon, FINGERS, icon, node, one } from "../shared/nodes.js";

let shown = ""; // the chips that are on the page, as text

/** Draw the chips of the message as it is. */
export function showCited() {
  const text = typed();
  const named = mentionsTyped().filter((found) => exists(found.name) || isMissing(text, found));
  const written = named.filter(({ name, start, end }) => asWritten(text.slice(start, end)) === name);
  const names = [...new Set(written.map((found) => found.name))];
  const reads = placedReads(text).filter(({ start, end }) =>
    !written.some((found) => found.start === start && found.end === end)
  );
  const { within } = state.scene;
  const isSaid = names.length + reads.length > 0 || (within && text);
  line.hidden = line.dataset.level === "hint" && Boolean(isSaid) && !doubtNow();
  const fromRight = runsFromRight(text);
  const wanted = JSON.stringify([
    fromRight,
    within,
    names.map((name) => [name, exists(name), why(name)]),
    reads,
    state.scene.regions.length,
  ]);
  if (wanted === shown) return;
  shown = wanted;
  cites.dir = fromRight ? "rtl" : "ltr";
  showPeek(null);
  cites.replaceChildren(...(within ? [partChip(within)] : []), ...names.flatMap(chip), ...reads.map(readingChip));
}

/** What the server doubts in the message; nothing once the words that it was about are gone. */
export function doubtNow() {
  const { doubt = "", doubted = [] } = props.value || {};
  return doubted.some((words) => typed().includes(words)) ? doubt : "";
}

// The server knows more models' numbers (an audi r8).
function isMissing(text, found) {
  const isPlain = props.value?.doubted.includes(text.slice(found.start, found.end));
  return state.scene.picture && !isPlain && !isBrand(text, found);
}

// The part that the question is about ------------------------------------------------------------------

function partChip({ name }) {
  return node(
    "span",
    { class: "chip part" },
    drawIcon(REGION_ICONS.closer),
    node("b", {}, `Looking closer at ${name || "the part you marked"}`),
    buttonNode({
      "data-drop-part": "",
      "aria-label": "Ask about the whole picture again",
      title: "Ask about the whole picture again",
    }, icon("close")),
  );
}

// Named regions --------------------------------------------------------------------------------------

function chip(name) {
  const there = exists(name);
  const made = node(
    "span",
    { class: there ? "chip" : "chip unknown", "data-name": name, "data-tone": regionOf(name)?.tone },
    node("b", {}, there ? name : `${name}?`),
    buttonNode(
      { "data-remove": name, "aria-label": `Remove ${name} from the question`, title: "Remove" },
      icon("close"),
    ),
  );
  return there ? [made] : [made, node("span", { class: "why" }, why(name))];
}

function why(name) {
  if (exists(name)) return "";
  const region = regionOf(name);
  if (region) return `has no such part in ${region.id}`;
  if (wasThere(name)) return "has been deleted";
  return state.scene.regions.length ? "is not on this picture" : "is not there yet: nothing has been found";
}

// Numbers are not given out again: a smaller one, or one that was cited before, was there once.
function wasThere(name) {
  const number = Number(name.slice(1).split(".")[0]);
  return number > 0 && (number < newestNumber() || Boolean(one(`#chat a[href="#R${number}"]`)));
}

function removeName(name) {
  const held = cites.contains(document.activeElement); // its × has the keyboard, and goes with it
  changeName(name, null);
  if (held && !isByFinger()) goToEnd();
}

// Words that will be read as regions -----------------------------------------------------------------

// [phrase, names, start, end, possessive], as far as the words still stand where they were read.
function placedReads(text) {
  const placed = new Map();
  for (const [phrase, name, start, end, possessive] of props.value?.reads || []) {
    if (text.slice(start, end) !== phrase || !exists(name)) continue;
    const before = placed.get(start)?.names || [];
    placed.set(start, { phrase, names: [...before, name], start, end, possessive: Boolean(possessive) });
  }
  return [...placed.values()];
}

function readingChip(read) {
  const [name] = read.names;
  const names = node("b", {}, read.names.join(" "));
  const tone = knownRegion(name).tone;
  const made = state.scene.regions.length < 2
    ? node("span", { class: "chip", "data-name": name, "data-tone": tone }, names)
    : buttonNode(
      {
        class: "chip",
        role: "combobox",
        "aria-haspopup": "listbox",
        "aria-expanded": "false",
        "aria-controls": "offer",
        "aria-label": `“${read.phrase}” is read as ${read.names.join(" and ")}. Choose another region`,
        title: "Choose another region",
        "data-name": name,
        "data-tone": tone,
      },
      names,
      icon("chevron"),
    );
  if (made.matches("button")) made.addEventListener("click", () => offerOthers(made, read));
  return node("span", { class: "reading" }, "“", node("bdi", {}, read.phrase), "” →", made);
}

function offerOthers(button, read) {
  if (isOfferOf(button)) return closeOffer();
  button.focus();
  const names = newestFirst().map((region) => region.id);
  openOffer(button, names, Math.max(0, names.indexOf(read.names[0])), (name) => {
    const owner = read.possessive ? `${name}'s` : name;
    replaceTyped(read.start, read.end, owner);
    if (!FINGERS.matches) goToEnd(); // its keyboard would cover the picture
  });
}

// What a chip means, as a picture --------------------------------------------------------------------

function showPeek(target) {
  const region = target && !isOfferOpen() && exists(target.dataset.name) && regionOf(target.dataset.name);
  peek.hidden = !region;
  peek.replaceChildren();
  if (!region) return;
  peek.dataset.tone = region.tone;
  peek.append(cropOf(region.id), node("span", { dir: directionOf(region.title) }, region.title || region.id));
  const left = target.getBoundingClientRect().left - element.getBoundingClientRect().left;
  peek.style.left = `${Math.max(0, Math.min(left, element.clientWidth - peek.offsetWidth))}px`;
}

cites.addEventListener("pointerdown", (event) => event.preventDefault()); // the caret stays in the message
cites.addEventListener("click", (event) => {
  const name = closest(event, "[data-remove]")?.dataset.remove;
  if (name) removeName(name);
  if (closest(event, "[data-drop-part]")) change({ wholeAsked: state.wholeAsked + 1 });
});
for (const kind of ["pointerover", "focusin"]) {
  cites.addEventListener(kind, (event) => showPeek(closest(event, "[data-name]")));
}
for (const kind of ["pointerleave", "focusout"]) cites.addEventListener(kind, () => showPeek(null));
