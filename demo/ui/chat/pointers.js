// Where a finding leads. Its sentence is a link (#at-PART-NUMBER-PICTURE, made by pointers.py): pointing at it
// shows on the picture what it is about, a region or a box that nobody gave, as a dashed ghost; a click also
// opens the part of the trace and marks the words. A point that the reasoning mentions is such a link, too, and
// is shown as a spot.
import { change, onChange, pictureSize, state } from "../canvas/state.js";
import { overlay, sheet } from "../canvas/parts.js";
import { light, nameOf } from "../canvas/cite.js";
import { edges } from "../canvas/geometry.js";
import { drawPoint } from "../canvas/marks.js";
import { scaleNow } from "../canvas/view.js";
import { say } from "../canvas/voice.js";
import { all, closest, node, one, scrollBehavior, shape } from "../shared/nodes.js";

const PLACE = /^#at-(scene|focus|think|answer|)-(\d*)-(.*)$/;
const GHOST = /^\d+(?:\.\d+){3}$/;
const LOOKED = /^look\.(\d+)\.(\d+)\.(\d+)\.(\d+)$/;
const SPOT = /^\d+\.\d+$/;
const TITLES = { scene: "Scene", focus: "Focus", think: "Reasoning", answer: "Answer" };
const MAX_OPENING_MS = 1000; // the longest that a part takes to open
const ghostLayer = shape("g", { class: "ghost", "aria-hidden": "true" });
const ghostName = node("div", { class: "ghost-name", "aria-hidden": "true", hidden: "" }, "Nobody gave this box");
let framed = null; // the part that a link of this form has framed, not a look's own
let lasting = null; // what a click keeps on the picture until the next one elsewhere

overlay.append(ghostLayer);
sheet.append(ghostName);

// What a link of this form says: { part, number, picture }, or null.
function placeIn(address = "") {
  const [, part, number, picture] = address.match(PLACE) || [];
  return picture === undefined ? null : { part, number, picture };
}

function placeOf(event) {
  return placeIn(closest(event, "#chat a[href^='#at-']")?.hash);
}

// On the picture ---------------------------------------------------------------------------------------

function showOnPicture(picture) {
  const part = picture.match(LOOKED)?.slice(1).map(Number) ?? null;
  if (part || (framed && state.part === framed)) change({ part });
  framed = part;
  const numbers = state.scene.picture ? picture.split(".").map(Number) : [];
  const [box, spot] = [GHOST, SPOT].map((form) => (form.test(picture) ? numbers : null));
  ghostName.hidden = !box;
  ghostLayer.replaceChildren(...(box ? ghostOf(box) : spot ? [drawPoint(spot)] : []));
  if (box) placeGhostName(box);
  else if (picture && !spot && !part) light(picture);
}

function ghostOf(box) {
  return ["casing", "box"].map((name) => shape("rect", { class: name, ...edges(box) }));
}

function placeGhostName([x1, y1, x2]) {
  const [width, height] = pictureSize();
  const right = x1 + x2 > width;
  ghostName.style.left = right ? "" : `${(100 * x1) / width}%`;
  ghostName.style.right = right ? `${100 - (100 * x2) / width}%` : "";
  ghostName.style.top = `${(100 * y1) / height}%`;
  ghostName.classList.toggle("within", y1 * scaleNow() < 26);
}

function keep(picture) {
  lasting = picture || null;
  showOnPicture(lasting || "");
}

// In the trace -----------------------------------------------------------------------------------------

function titlesIn(group) {
  return all(".children .thought-group > .title", group);
}

// Gradio puts what a part holds on the page only once it is opened, so each step waits for the one before.
async function openPart(row, part) {
  const whole = one(".thought-group", row);
  if (!whole) return null;
  await expand(one(".title", whole));
  const found = () => titlesIn(whole).find((title) => title.textContent.trim().startsWith(TITLES[part]));
  const title = await appears(found);
  if (!title) return null;
  await expand(title);
  return title.closest(".thought-group");
}

async function expand(title) {
  if (title.classList.contains("expanded")) return;
  title.click();
  await appears(() => title.classList.contains("expanded"));
}

async function appears(look) {
  const until = performance.now() + MAX_OPENING_MS;
  while (!look() && performance.now() < until) await new Promise(requestAnimationFrame);
  return look();
}

async function showInTrace(row, { part, number }) {
  const group = part && (await openPart(row, part));
  if (!group) return;
  const words = () => one(number ? `.at${number}` : ".content .md, .content", group);
  const place = await appears(words);
  if (!place) return;
  for (const old of all("#chat .at-shown")) old.classList.remove("at-shown");
  place.classList.add("at-shown");
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
  place.scrollIntoView({ block: "center", behavior: scrollBehavior() });
}

// Listening --------------------------------------------------------------------------------------------

for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    if (closest(event, "#chat .look")) return; // it shows its own place
    const place = placeOf(event);
    if (place || ghostLayer.firstChild || (lasting && !nameOf(event))) showOnPicture(place?.picture || lasting || "");
  });
}
document.addEventListener("focusout", () => showOnPicture(lasting || ""));
document.addEventListener("click", (event) => {
  if (closest(event, "#sheet")) return; // what is shown stays when the sheet led to it
  const place = placeOf(event);
  keep(place?.picture);
  if (!place) return;
  event.preventDefault(); // the page's address stays
  if (GHOST.test(place.picture)) say("The box that nobody gave is shown on the picture, dashed.");
  if (SPOT.test(place.picture)) say("The point is shown on the picture.");
  showInTrace(closest(event, ".bot-row"), place);
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") keep(null);
});
onChange(["drawn"], () => keep(null));
// The sheet with the numbers of an answer leads to the same places.
onChange(["place"], () => {
  if (!state.place) return;
  const { turn, address } = state.place;
  const place = placeIn(address);
  if (!place) return;
  keep(place.picture);
  showInTrace(one(`#chat a[href="#numbers-${turn}"]`).closest(".bot-row"), place);
});
