// The list of regions under the picture: a card for each region, kept as long as the region is.
// Only a card whose region changed is filled anew, so the list's place, the keyboard's place and a name
// being typed (naming.js) survive every update. It shares canvas.js's scope and draws no overlay; what
// can be done with a region is in regionmenu.js.

const CARD_STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const cards = element.querySelector("#regions");
const allCards = node("button", { type: "button", class: "cards-all", "aria-expanded": "false", "aria-controls": "regions" });
const cardOf = new Map(); // region id → its card; card.filled is what it shows, as text
let current = null; // the region whose card the Tab key stops at

function drawCards() {
  const focused = cards.contains(document.activeElement) ? document.activeElement : null;
  const place = focused ? listed().indexOf(focused.closest(".card")) : -1;
  if (naming && naming.sent !== null && naming.sent !== scene.serial) endNaming();
  for (const [id, card] of cardOf) if (!regionOf(id)) dropCard(id, card);
  const added = scene.regions.filter((region) => !cardOf.has(region.id));
  scene.regions.forEach(putCard);
  tabTo(cardOf.has(current) ? current : scene.regions.at(-1)?.id ?? null);
  markCited();
  if (focused && !cards.contains(document.activeElement)) focusCard(listed()[Math.min(place, listed().length - 1)]);
  // With the next frame: asking for sizes now would lay the page out an extra time.
  requestAnimationFrame(() => {
    measureCards();
    if (added.length) showCard(cardOf.get(added.at(-1).id));
  });
}

function regionOf(name) {
  const id = name?.split(".")[0];
  return scene.regions.find((region) => region.id === id) || null;
}

function listed() {
  return [...cards.querySelectorAll(".card")];
}

function dropCard(id, card) {
  card.remove();
  cardOf.delete(id);
  if (naming?.id === id) naming = null;
}

function putCard(region, index) {
  const card = cardOf.get(region.id) || makeCard(region);
  if (cards.children[index] !== card) cards.insertBefore(card, cards.children[index] || null);
  const wanted = JSON.stringify([region, scene.picture.url, region.objects.map(({ mask }) => outlines.has(mask))]);
  if (card.filled === wanted || naming?.id === region.id) return;
  fillCard(card, region);
  card.filled = wanted;
}

function makeCard({ id }) {
  const main = node("button", { type: "button", class: "card-main", "data-part": "main", "data-cite": id, tabindex: "-1" });
  const more = node("button", {
    type: "button", class: "card-more", "data-part": "more", "data-menu": id, tabindex: "-1",
    "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": `More for ${id}`, title: `More for ${id}`,
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
  for (const old of card.querySelectorAll(".crop, .card-text")) old.remove();
  card.firstChild.after(crop(region), cardText(region));
  if (region.id === current) setTab(card, "0");
  if (held) (card.querySelector(`[data-part="${CSS.escape(held)}"]`) || card.firstChild).focus({ preventScroll: true });
}

function cardText(region) {
  const many = region.objects.length > 1;
  const lines = many || region.hidden ? [region.lines.join(" · ")] : region.lines;
  const text = node("div", { class: "card-text" },
    node("div", { class: "card-name" }, node("b", { class: "mark" }, region.id), " ", node("span", {}, region.title)),
    ...lines.map((line) => node("div", { class: "card-line" }, line)));
  if (region.hidden) text.append(showButton(region));
  else if (many) text.append(node("div", { class: "card-objects" }, ...region.objects.map(objectChip)));
  return text;
}

function objectChip(object) {
  const label = `Cite ${object.id} alone`;
  return node("button", { type: "button", "data-part": object.id, "data-cite": object.id, tabindex: "-1", "aria-label": label }, object.id);
}

function showButton(region) {
  return node("button", {
    type: "button", class: "card-show", "data-part": "show", "data-show": region.id, tabindex: "-1", "aria-label": `Show ${region.id}`,
  }, "Show");
}

// Pictures of the cards --------------------------------------------------------------------------

function crop(region) {
  const frame = cropFrame(region.objects.map((object) => object.box));
  const shapes = region.objects.map(outlinePath).filter(Boolean).map((d) => shape("path", { d, class: "outline" }));
  return shape("svg", { class: "crop", viewBox: frame, preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" },
    shape("image", { href: scene.picture.url, width: scene.width, height: scene.height }), ...shapes);
}

// The mask of an object as an SVG path, if it has one and the browser has got it.
function outlinePath({ mask }) {
  return outlines.get(mask) || null;
}

// The boxes with a rim around them, as far as the picture goes: x, y, width, height.
function cropFrame(boxes) {
  const [left, top, right, bottom] = around(boxes);
  const rim = 0.12 * Math.max(right - left, bottom - top);
  const [x, y] = [Math.max(0, left - rim), Math.max(0, top - rim)];
  return [x, y, Math.min(scene.width, right + rim) - x, Math.min(scene.height, bottom + rim) - y].join(" ");
}

function around(boxes) {
  return [0, 1, 2, 3].map((i) => Math[i < 2 ? "min" : "max"](...boxes.map((box) => box[i])));
}

// Which are cited in the message, and which the keyboard is at -------------------------------------

function markCited() {
  const named = new Set((message()?.value.match(MARK_NAMES) || []).map((name) => name.toUpperCase().split(".")[0]));
  for (const region of scene.regions) {
    const card = cardOf.get(region.id);
    const cited = named.has(region.id);
    card.classList.toggle("cited", cited);
    const states = [...region.lines, region.hidden && "hidden", cited && "cited in your question"].filter(Boolean);
    const label = `Cite ${region.id} ${region.title}: ${states.join(", ")}`;
    if (card.firstChild.ariaLabel !== label) card.firstChild.ariaLabel = label;
  }
}

function setTab(card, value) {
  for (const part of card.querySelectorAll("[data-part]")) part.setAttribute("tabindex", value);
}

function tabTo(id) {
  if (id === current && id !== null) return;
  if (cardOf.has(current)) setTab(cardOf.get(current), "-1");
  current = id;
  if (id !== null) setTab(cardOf.get(id), "0");
}

function focusCard(card) {
  (card?.querySelector(".card-main") || message()).focus({ preventScroll: true });
  showCard(card);
}

function showCard(card) {
  card?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function onCardKey(event) {
  const card = event.target.closest(".card");
  if (!card || event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = listed();
  const at = all.indexOf(card);
  if (event.key in CARD_STEPS) focusCard(all[(at + CARD_STEPS[event.key] + all.length) % all.length]);
  else if (event.key === "Home" || event.key === "End") focusCard(all.at(event.key === "Home" ? 0 : -1));
  else if (event.key === "F2") startNaming(card.dataset.region);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// The list as a whole -----------------------------------------------------------------------------

function measureCards() {
  if (scene.regions.length < 2) openCards(false);
  const open = cards.hasAttribute("data-open");
  allCards.textContent = open ? "Fewer ▾" : `All ${scene.regions.length} ▴`;
  cards.toggleAttribute("data-crowded", scene.regions.length > 0 && (open || cards.scrollWidth > cards.clientWidth + 1));
}

function openCards(open) {
  cards.toggleAttribute("data-open", open);
  allCards.setAttribute("aria-expanded", open);
}

allCards.addEventListener("click", () => {
  openCards(!cards.hasAttribute("data-open"));
  measureCards();
});

cards.after(allCards);
cards.addEventListener("keydown", onCardKey);
cards.addEventListener("focusin", (event) => tabTo(event.target.closest(".card")?.dataset.region ?? current));
cards.addEventListener("wheel", (event) => { // a mouse's wheel turns one way only
  if (cards.hasAttribute("data-open") || event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
  const before = cards.scrollLeft;
  cards.scrollLeft += event.deltaY;
  if (cards.scrollLeft !== before) event.preventDefault();
}, { passive: false });
document.addEventListener("input", (event) => {
  if (event.target === message()) markCited();
});
document.addEventListener("regions-drawn", () => requestAnimationFrame(markCited)); // after the message was emptied
new ResizeObserver(measureCards).observe(cards);
