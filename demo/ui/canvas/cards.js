// The list of regions under the picture: a card for each region, kept as long as the region is.
// Only a card whose region changed is filled anew, so the list's place, the keyboard's place and a name
// being typed (naming.js) survive every update.
import { onChange, outlinePath, outlines, pictureSize, regionOf, state } from "./state.js";
import { cards, stage } from "./parts.js";
import { foldCards, isBehindLine, unfoldedCards, unfoldFor } from "./fold.js";
import { cropFrame } from "./geometry.js";
import { directionOf } from "../shared/direction.js";
import { focusField } from "../shared/hand.js";
import { message, namesTyped } from "../shared/message.js";
import { all, buttonNode, closest, node, shape } from "../shared/nodes.js";

export const REFINE = "Refine the outline";
const CARD_STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const allCards = buttonNode({ class: "cards-all", "aria-expanded": "false", "aria-controls": "regions" });
const cardOf = new Map(); // region id → its card; card.filled is what it shows, as text
let current = null; // the region whose card the Tab key stops at
let busyCard = null; // the region whose card is left as it is

/** Draw a card for each region of the scene. */
export function drawCards() {
  const { regions } = state.scene;
  const focused = cards.contains(document.activeElement) ? document.activeElement : null;
  const place = focused ? unfoldedCards().indexOf(focused.closest(".card")) : -1;
  for (const [id, card] of cardOf) if (!regionOf(id)) dropCard(id, card);
  const added = regions.filter((region) => !cardOf.has(region.id));
  regions.forEach(putCard);
  foldCards(regions, cardFor);
  tabTo(cardOf.has(current) && !isBehindLine(cardOf.get(current)) ? current : regions.at(-1)?.id ?? null);
  showCited();
  if (focused && !cards.contains(document.activeElement)) focusCard(nextCard(place));
  // With the next frame: asking for sizes now would lay the page out an extra time.
  requestAnimationFrame(() => {
    measureCards();
    const newest = added.at(-1);
    if (newest) showCard(cardOf.get(newest.id));
  });
}

/** The card of a region, if it has one. */
export function cardFor(id) {
  return cardOf.get(id);
}

/** Leave this card as it is from now on; null: fill it again with the next drawing. */
export function holdCard(id) {
  if (cardOf.has(busyCard)) cardOf.get(busyCard).filled = "";
  busyCard = id;
  unfoldFor(cardOf.get(id));
}

// The card at that place of the list, else its last one.
function nextCard(place) {
  return unfoldedCards()[place] || unfoldedCards().at(-1);
}

function dropCard(id, card) {
  card.remove();
  cardOf.delete(id);
}

function putCard(region, index) {
  const card = cardOf.get(region.id) || makeCard(region);
  if (cards.children[index] !== card) cards.insertBefore(card, cards.children[index] || null);
  const wanted = JSON.stringify([
    { ...region, earlier: null }, // which the list alone shows
    state.scene.picture?.url,
    region.objects.map(({ mask }) => outlines.has(mask)),
  ]);
  if (card.filled === wanted || busyCard === region.id) return;
  fillCard(card, region);
  card.filled = wanted;
}

function makeCard({ id }) {
  const main = buttonNode({ class: "card-main", "data-part": "main", "data-cite": id, tabindex: "-1" });
  const more = buttonNode({
    class: "card-more",
    "data-part": "more",
    "data-menu": id,
    tabindex: "-1",
    "aria-haspopup": "menu",
    "aria-expanded": "false",
    "aria-label": `More for ${id}`,
    title: `More for ${id}`,
  }, "⋯");
  const card = node("div", { class: "card", "data-region": id }, main, more);
  cardOf.set(id, card);
  return card;
}

// The card's own buttons stay; what the keyboard was on between them is found again by its name.
function fillCard(card, region) {
  const held = card.querySelector(".card-text :focus")?.dataset.part;
  card.dataset.tone = region.tone;
  card.toggleAttribute("data-hidden", Boolean(region.hidden));
  for (const old of all(".crop, .card-text", card)) old.remove();
  card.firstChild.after(crop(region), cardText(region));
  if (region.id === current) setTab(card, "0");
  if (held) (card.querySelector(`[data-part="${CSS.escape(held)}"]`) || card.firstChild).focus({ preventScroll: true });
}

function cardText(region) {
  const many = region.objects.length > 1;
  const doubt = doubtOf(region);
  const lines = many || region.hidden || doubt ? [region.lines.join(" · ")] : region.lines;
  const text = node(
    "div",
    { class: "card-text" },
    node(
      "div",
      { class: "card-name", dir: directionOf(region.title) },
      node("b", { class: "mark", dir: "ltr" }, region.id),
      " ",
      node("span", {}, region.title),
      ...doubtSign(doubt),
    ),
    ...lines.map((line) => node("div", { class: "card-line" }, line)),
  );
  if (region.hidden) text.append(showButton(region));
  else if (many) {
    const refine = doubt ? [refineButton(region)] : [];
    text.append(node("div", { class: "card-objects" }, ...refine, ...region.objects.map(objectChip)));
  } else if (doubt) text.append(refineButton(region));
  return text;
}

// What is said against its outlines; empty where nothing is.
function doubtOf({ id, hidden, objects }) {
  const doubted = objects.find(({ doubt }) => doubt);
  const name = objects.length > 1 ? doubted?.id : id;
  return doubted && !hidden ? `The outline of ${name} is uncertain: ${doubted.doubt}.` : "";
}

function doubtSign(doubt) {
  return doubt ? [node("i", { class: "card-doubt", title: doubt }, "≈")] : [];
}

function refineButton(region) {
  return buttonNode({
    class: "card-refine card-show",
    "data-part": "refine",
    "data-refine": region.id,
    tabindex: "-1",
    title: doubtOf(region),
    "aria-label": `${REFINE} of ${region.id}`,
  }, REFINE);
}

function objectChip(object) {
  const label = `Cite ${object.id} alone`;
  return buttonNode({ "data-part": object.id, "data-cite": object.id, tabindex: "-1", "aria-label": label }, object.id);
}

function showButton(region) {
  return buttonNode({
    class: "card-show",
    "data-part": "show",
    "data-show": region.id,
    tabindex: "-1",
    "aria-label": `Show ${region.id}`,
  }, "Show");
}

function crop(region) {
  const [width, height] = pictureSize();
  const frame = cropFrame(region.objects.map((object) => object.box), [width, height]);
  const shapes = region.objects.map(outlinePath).filter(Boolean).map((d) => shape("path", { d, class: "outline" }));
  return shape(
    "svg",
    { class: "crop", viewBox: frame.join(" "), preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" },
    shape("image", { href: state.scene.picture?.url, width, height }),
    ...shapes,
  );
}

// Which are cited in the message, and which the keyboard is at -------------------------------------

function showCited() {
  const named = new Set([...namesTyped()].map((name) => name.split(".")[0]));
  for (const region of state.scene.regions) {
    const card = cardOf.get(region.id);
    if (!card) continue; // it is drawn next
    const cited = named.has(region.id);
    card.classList.toggle("cited", cited);
    const states = [
      whereOf(region),
      ...region.lines,
      doubtOf(region) && "outline uncertain",
      region.hidden && "hidden",
      cited && "cited in your question",
    ].filter(Boolean);
    const label = `Cite ${region.id} ${region.title}: ${states.join(", ")}`;
    if (card.firstChild.ariaLabel !== label) card.firstChild.ariaLabel = label;
  }
}

function whereOf({ objects }) {
  return objects.length === 1 ? objects[0].where : `${objects.length} objects`;
}

function setTab(card, value) {
  for (const part of all("[data-part]", card)) part.setAttribute("tabindex", value);
}

function tabTo(id) {
  if (id === current && id !== null) return;
  if (cardOf.has(current)) setTab(cardOf.get(current), "-1");
  current = id;
  if (id !== null) setTab(cardOf.get(id), "0");
}

/** Give the keyboard to a card, or to the message where there is none. */
export function focusCard(card) {
  unfoldFor(card);
  const main = card?.querySelector(".card-main");
  if (main) main.focus({ preventScroll: true });
  else focusField(message(), stage);
  showCard(card);
}

/** Scroll a card into view. */
export function showCard(card) {
  card?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function onCardKey(event) {
  const card = closest(event, ".card");
  if (!card || event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
  const listing = unfoldedCards();
  const at = listing.indexOf(card);
  if (event.key in CARD_STEPS) focusCard(listing[(at + CARD_STEPS[event.key] + listing.length) % listing.length]);
  else if (event.key === "Home" || event.key === "End") focusCard(listing.at(event.key === "Home" ? 0 : -1));
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// The list as a whole -----------------------------------------------------------------------------

function measureCards() {
  const { length } = state.scene.regions;
  if (length < (isFolded() ? 1 : 2)) openCards(false);
  const open = cards.hasAttribute("data-open");
  allCards.textContent = open ? "Fewer ▾" : length ? `All ${length} ▴` : "No";
  allCards.disabled = !length;
  cards.toggleAttribute("data-crowded", length > 0 && (open || cards.scrollWidth > cards.clientWidth + 1));
}

// Where there is little room the list is not there at all until it is opened.
function isFolded() {
  return Boolean(getComputedStyle(cards).getPropertyValue("--folded"));
}

/** Open the list where it is folded, so that its cards can be seen. */
export function unfoldCards() {
  if (isFolded()) openCards(true);
  measureCards();
}

// Once open it keeps its height, whatever comes and goes in it: the picture above stays where it is.
function openCards(open) {
  cards.toggleAttribute("data-open", open);
  allCards.setAttribute("aria-expanded", open);
  const { style, offsetHeight } = /** @type {HTMLElement} */ (cards.parentElement);
  style.setProperty("--open", open ? `${offsetHeight}px` : "");
}

allCards.addEventListener("click", () => {
  openCards(!cards.hasAttribute("data-open"));
  measureCards();
});

cards.after(allCards);
cards.addEventListener("keydown", onCardKey);
cards.addEventListener("focusin", (event) => tabTo(closest(event, ".card")?.dataset.region ?? current));
cards.addEventListener("wheel", (event) => { // a mouse's wheel turns one way only
  if (cards.hasAttribute("data-open") || event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
  const before = cards.scrollLeft;
  cards.scrollLeft += event.deltaY;
  if (cards.scrollLeft !== before) event.preventDefault();
}, { passive: false });
document.addEventListener("input", (event) => {
  if (event.target === message()) showCited();
});
onChange(["drawn"], () => requestAnimationFrame(showCited)); // after the message was emptied
new ResizeObserver(measureCards).observe(cards);
