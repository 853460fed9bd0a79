// Draws the picture and its regions from the component's value, and nothing else.
// The template holds no data: nodes are made here with textContent and createElementNS, listeners are
// set once by delegation, so updates never take away listeners or the keyboard's place.
// `element`, `props`, `watch` come from Gradio; zoom.js, cite.js and files.js follow in the same scope.

const SVG = "http://www.w3.org/2000/svg";
const MOST_ENLARGED = 8; // a tiny picture is enlarged at most this many times to fit
const TAG_GAP = 3; // screen pixels between a box and its label
const WIDEST_TAG = 190;

const stage = element.querySelector("#canvas");
const view = stage.querySelector(".view");
const sheet = stage.querySelector(".sheet");
const image = sheet.querySelector("img");
const overlay = sheet.querySelector("svg");
const tags = sheet.querySelector(".tags");
let scene = { picture: null, regions: [], provisional: [] };
let drawn = ""; // the overlay that is on the page, as text, to draw again only what changed
let zoom = 1; // set in zoom.js

function node(name, attributes, ...children) {
  const made = document.createElement(name);
  return fill(made, attributes, children);
}

function shape(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function draw() {
  scene = props.value && props.value.regions ? props.value : scene;
  drawPicture();
  drawBusy();
  const wanted = JSON.stringify([scene.picture?.path, scene.regions, scene.provisional]);
  if (wanted !== drawn) drawRegions();
  drawn = wanted;
  document.dispatchEvent(new Event("regions-drawn"));
}

function drawRegions() {
  drawOverlay();
  drawCards();
  lightAgain();
  layout();
}

function drawPicture() {
  stage.toggleAttribute("data-empty", !scene.picture);
  element.querySelector(".canvas-name").textContent = scene.picture
    ? `${scene.name} · ${scene.width} × ${scene.height}` : "";
  if (!scene.picture) return image.removeAttribute("src");
  if (image.getAttribute("src") === scene.picture.url) return;
  zoom = 1;
  image.src = scene.picture.url;
  image.alt = scene.name;
  overlay.setAttribute("viewBox", `0 0 ${scene.width} ${scene.height}`);
}

function drawBusy() {
  stage.setAttribute("aria-busy", scene.busy ? "true" : "false");
  stage.querySelector(".busy span").textContent = scene.busy || "";
}

// Overlays ---------------------------------------------------------------------------------------

function drawOverlay() {
  const held = document.activeElement?.closest?.("#canvas [data-object]")?.dataset.object;
  const objects = scene.regions.flatMap((region) => region.objects.map((object) => ({ region, object })));
  objects.sort((a, b) => area(b.object.box) - area(a.object.box)); // small ones on top, to be clicked
  overlay.replaceChildren(
    ...objects.map(({ region, object }, i) => drawObject(region, object, hasTwin(objects.slice(0, i), object))),
    ...scene.provisional.map((found) => drawProvisional(found)),
  );
  tags.replaceChildren(...scene.regions.flatMap((region) => region.objects.map((o) => drawTag(region, o))));
  if (held) objectNode(held)?.focus({ preventScroll: true });
}

// Whether a box drawn before is almost the same: then this one is dashed, so that both are seen.
function hasTwin(before, { box }) {
  const slack = 0.03 * Math.max(box[2] - box[0], box[3] - box[1]);
  return before.some(({ object }) => object.box.every((value, i) => Math.abs(value - box[i]) <= slack));
}

function drawObject(region, object, twin) {
  return shape("g", {
    class: twin ? "object twin" : "object", role: "button", tabindex: "0", "aria-label": spoken(region, object),
    "data-region": region.id, "data-object": object.id, "data-tone": region.tone,
  }, shape("title", {}, tooltip(region, object)), ...marks(object));
}

function drawProvisional(found) {
  return shape("g", { class: "object provisional", "data-tone": scene.tone, "aria-hidden": "true" }, ...marks(found));
}

function marks(object) {
  const [x1, y1, x2, y2] = object.box;
  const box = { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
  const parts = [shape("rect", { class: "hit", ...box })];
  if (object.mask) parts.push(shape("path", { class: "mask", d: object.mask, "fill-rule": "evenodd" }));
  parts.push(shape("rect", { class: "casing", ...box }), shape("rect", { class: "box", ...box }));
  if (object.point) parts.push(drawPoint(object.point));
  return parts;
}

function drawPoint([x, y]) {
  const place = `transform: translate(${x + 0.5}px, ${y + 0.5}px) scale(var(--unit))`;
  return shape("g", { class: "point", style: place }, shape("circle", { r: 6.5 }), shape("circle", { r: 4.5 }));
}

function drawTag(region, object) {
  const many = region.objects.length > 1;
  const tag = node("div", { class: "tag", "data-of": region.id, "data-object-of": object.id, "data-tone": region.tone },
    node("b", {}, many ? object.id : region.id));
  if (region.title && object === region.objects[0]) tag.append(" ", region.title);
  return tag;
}

function spoken(region, object) {
  const place = region.objects.length > 1 ? ` (${object.id})` : "";
  return `${region.id}${place} ${region.title}. Cite it in the question.`;
}

function tooltip(region, object) {
  const many = region.objects.length > 1 ? `, Shift+click for ${object.id} alone` : "";
  return `${region.id} ${region.title}\nClick to cite ${region.id}${many}`;
}

function area([x1, y1, x2, y2]) {
  return (x2 - x1) * (y2 - y1);
}

function objectNode(name) {
  return overlay.querySelector(`[data-object="${CSS.escape(name)}"]`);
}

// Sizes: the sheet has the picture's shape; strokes, points and labels keep their size on the screen --

function scaleToFit() {
  const room = getComputedStyle(view);
  const width = view.clientWidth - parseFloat(room.paddingLeft) - parseFloat(room.paddingRight);
  const height = view.clientHeight - parseFloat(room.paddingTop) - parseFloat(room.paddingBottom);
  return Math.min(width / scene.width, height / scene.height, MOST_ENLARGED);
}

function layout() {
  if (!scene.picture || !view.clientWidth) return;
  const scale = scaleToFit() * zoom;
  sheet.style.width = `${scene.width * scale}px`;
  sheet.style.height = `${scene.height * scale}px`;
  sheet.style.setProperty("--unit", 1 / scale);
  sheet.classList.toggle("coarse", scale >= 4);
  stage.toggleAttribute("data-zoomed", zoom > 1);
  placeTags(scale);
}

function placeTags(scale) {
  const [width, height] = [scene.width * scale, scene.height * scale];
  const limit = Math.min(width, WIDEST_TAG, Math.max(90, width * 0.55));
  const labels = [...tags.children].map((tag) => ({ tag, box: boxOf(tag.dataset.objectOf).map((v) => v * scale) }));
  for (const { tag } of labels) tag.style.maxWidth = `${limit}px`;
  const sizes = labels.map(({ tag }) => [Math.min(tag.offsetWidth, limit), tag.offsetHeight]);
  const taken = [];
  labels.forEach(({ tag, box }, i) => {
    const spot = freeSpot(box, sizes[i], [width, height], taken);
    taken.push([...spot, ...sizes[i]]);
    tag.style.transform = `translate(${Math.round(spot[0])}px, ${Math.round(spot[1])}px)`;
  });
}

function boxOf(name) {
  return scene.regions.flatMap((region) => region.objects).find((object) => object.id === name).box;
}

// The first of the usual places (above, below, beside, inside) that is in the picture and not yet taken.
function freeSpot([x1, y1, x2, y2], [w, h], [width, height], taken) {
  const clamp = (x, y) => [Math.max(0, Math.min(x, width - w)), Math.max(0, Math.min(y, height - h))];
  const spots = [
    [x1, y1 - h - TAG_GAP], [x1, y2 + TAG_GAP], [x2 - w, y1 - h - TAG_GAP], [x2 - w, y2 + TAG_GAP],
    ...[[x2 + TAG_GAP, y1], [x1 - w - TAG_GAP, y1]].filter(([x]) => x >= 0 && x + w <= width),
    [x1 + TAG_GAP, y1 + TAG_GAP], [x1 + TAG_GAP, y2 - h - TAG_GAP],
  ];
  const inside = spots.filter(([, y]) => y >= 0 && y + h <= height).map(([x, y]) => clamp(x, y));
  const free = inside.find(([x, y]) => taken.every(([a, b, c, d]) => x + w <= a || a + c <= x || y + h <= b || b + d <= y));
  return free || inside[0] || clamp(x1, y1);
}

element.querySelector(".advice-here").textContent = props.advice || "";

// What is shown ------------------------------------------------------------------------------------

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-layer]");
  if (!button) return;
  const shown = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", shown);
  stage.classList.toggle(`no-${button.dataset.layer}`, !shown);
});
