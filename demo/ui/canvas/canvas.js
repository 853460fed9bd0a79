// Draws the picture and its regions from the component's value, and nothing else.
// The template holds no data: nodes are made by nodes.js, listeners are set once by delegation, so updates
// never take away listeners or the keyboard's place.
// `element`, `props`, `trigger`, `watch` come from Gradio; the other scripts follow in the same scope.

const MOST_ENLARGED = 8; // a tiny picture is enlarged at most this many times to fit
const MANY = 40; // from so many regions on, lines are thinner
const USUAL_OPACITY = "35"; // per cent of a mask's colour
const OPACITY_KEPT = "regionreasoner.mask-opacity";

const stage = element.querySelector("#canvas");
const view = stage.querySelector(".view");
const sheet = stage.querySelector(".sheet");
const image = sheet.querySelector("img");
const overlay = sheet.querySelector("svg");
const outlines = new Map(); // key → path of a mask; each comes once and is kept
let scene = { picture: null, regions: [], provisional: [], asides: {} };
let drawn = ""; // what stands on the page, as text, to draw again only what changed
let asked = false; // whether the server was asked for outlines that are not here
let room = null; // width and height of the view, once measured
let zoom = 1; // set in zoom.js; 1 is the whole picture

function draw() {
  const began = performance.now();
  const { outlines: fresh = {}, ...news } = props.value || {};
  scene = { ...scene, ...news }; // a running turn sends only what it changes
  for (const [key, path] of Object.entries(fresh)) outlines.set(key, path);
  askForOutlines();
  drawPicture();
  const wanted = JSON.stringify([scene.picture?.path, scene.regions, scene.provisional, scene.tone, scene.asides, outlines.size]);
  if (wanted !== drawn) drawRegions();
  drawn = wanted;
  actAnswered();
  drawDraft();
  drawBusy();
  // How long it took, in milliseconds, is for measurements (tests/bench).
  document.dispatchEvent(new CustomEvent("regions-drawn", { detail: performance.now() - began }));
}

function drawRegions() {
  stage.toggleAttribute("data-many", scene.regions.length > MANY);
  drawMarks();
  drawAsides();
  drawCards();
  lightAgain();
  layout();
}

function drawPicture() {
  stage.toggleAttribute("data-empty", !scene.picture);
  const url = scene.picture?.url ?? null;
  if (image.getAttribute("src") === url) return;
  zoom = 1;
  spoken.textContent = ""; // what was said of another picture
  setTool("select");
  if (!url) return image.removeAttribute("src");
  image.src = url;
  image.alt = scene.name;
  overlay.setAttribute("viewBox", `0 0 ${scene.width} ${scene.height}`);
}

function drawName(scale) {
  const size = `${scene.width} × ${scene.height} · ${Math.round(100 * scale)} %`;
  element.querySelector(".canvas-name").textContent = `${scene.name} · ${size}`;
}

// A turn makes the canvas busy for everybody; an outline after an act is only said.
function drawBusy() {
  stage.setAttribute("aria-busy", scene.busy ? "true" : "false");
  stage.toggleAttribute("data-outlining", outlining());
  stage.querySelector(".busy span").textContent = scene.busy || (outlining() ? "Outlining…" : "");
}

function askForOutlines() {
  const shown = [...scene.regions, ...Object.values(scene.asides).flat()];
  const absent = shown.some(({ objects }) => objects.some(({ mask }) => mask && !outlines.has(mask)));
  if (absent && !asked) trigger("missing", {});
  asked = absent; // once: what is still absent after the answer does not exist
}

// Sizes: the sheet has the picture's shape; strokes, points and labels keep their size on the screen --

// The offset sizes count scroll bars in: these come and go with the zoom that is computed here. They are
// read once for each size the view has: reading lays out the page, which after drawing is slow.
function scaleToFit() {
  room ||= [view.offsetWidth, view.offsetHeight];
  return Math.min(room[0] / scene.width, room[1] / scene.height, MOST_ENLARGED);
}

// Pixels of the screen for one of the picture.
function scaleNow() {
  return scaleToFit() * zoom;
}

// `resized` is there when the browser says so (files.js), not after drawing or zooming.
function layout(resized) {
  if (resized) room = null;
  if (!scene.picture || !scaleToFit()) return;
  const scale = scaleNow();
  sheet.style.width = `${scene.width * scale}px`;
  sheet.style.height = `${scene.height * scale}px`;
  draft.style.setProperty("--unit", 1 / scale);
  sheet.classList.toggle("coarse", scale >= 4);
  stage.toggleAttribute("data-zoomed", zoom > 1);
  drawName(scale);
  placeTags(scale);
  drawDraft(); // a held box has fewer handles when it is small on the screen
}

// What is shown ------------------------------------------------------------------------------------

const opacity = element.querySelector(".opacity input");

function showOpacity() {
  stage.style.setProperty("--mask-opacity", opacity.value / 100);
}

// A browser may forbid its storage; the slider works without.
opacity.value = storage((kept) => kept.getItem(OPACITY_KEPT)) ?? USUAL_OPACITY;
showOpacity();
opacity.addEventListener("input", () => {
  showOpacity();
  storage((kept) => kept.setItem(OPACITY_KEPT, opacity.value));
});

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-layer]");
  if (!button) return;
  const shown = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", shown);
  stage.classList.toggle(`no-${button.dataset.layer}`, !shown);
});

// On a narrow screen the toggles stand in a panel behind one button.
const layersOpen = element.querySelector(".layers-open");

function openLayers(open) {
  layersOpen.setAttribute("aria-expanded", open);
  element.querySelector(".layers").classList.toggle("open", open);
}

document.addEventListener("click", (event) => {
  if (event.target.closest(".layers-open")) openLayers(layersOpen.getAttribute("aria-expanded") !== "true");
  else if (!event.target.closest(".layers")) openLayers(false);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || layersOpen.getAttribute("aria-expanded") !== "true") return;
  event.preventDefault();
  event.stopPropagation();
  openLayers(false);
  layersOpen.focus();
}, true);

element.querySelector(".advice-here").textContent = props.advice || "";
document.addEventListener("advice-known", ({ detail }) => { element.querySelector(".advice-here").textContent = detail; });
for (const text of element.querySelectorAll("[data-hands]")) text.textContent = forHands(text.textContent);
if (FINGERS.matches) element.querySelector(".drop b").textContent = "Choose or take a photo";
