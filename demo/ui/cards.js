// The list of regions under the picture: a card for each, with its crop.
// It shares canvas.js's scope (scene, node, shape) and draws no overlay.

const cards = element.querySelector("#regions");

function drawCards() {
  const before = cards.childElementCount;
  cards.replaceChildren(...scene.regions.map(drawCard));
  if (cards.childElementCount > before) cards.scrollLeft = cards.scrollWidth; // the newest is seen
}

function drawCard(region) {
  const many = region.objects.length > 1;
  const lines = many ? [region.lines.join(" · ")] : region.lines;
  const text = node("div", { class: "card-text" },
    node("div", { class: "card-name" }, node("b", { class: "mark" }, region.id), " ", region.title),
    ...lines.map((line) => node("div", { class: "card-line" }, line)));
  if (many) text.append(node("div", { class: "card-objects" }, ...region.objects.map(objectChip)));
  return node("div", { class: "card", "data-tone": region.tone, "data-region": region.id },
    node("button", { type: "button", class: "card-main", "data-cite": region.id, "aria-label": `Cite ${region.id} ${region.title}` }),
    crop(region), text);
}

function objectChip(object) {
  return node("button", { type: "button", "data-cite": object.id, "aria-label": `Cite ${object.id} alone` }, object.id);
}

function crop(region) {
  const frame = cropFrame(region.objects.map((object) => object.box));
  const outlines = region.objects.filter((object) => object.mask)
    .map((object) => shape("path", { d: object.mask, class: "outline" }));
  return shape("svg", { class: "crop", viewBox: frame, preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" },
    shape("image", { href: scene.picture.url, width: scene.width, height: scene.height }), ...outlines);
}

// The boxes with a rim around them, as far as the picture goes: x, y, width, height.
function cropFrame(boxes) {
  const [left, top] = [0, 1].map((i) => Math.min(...boxes.map((box) => box[i])));
  const [right, bottom] = [2, 3].map((i) => Math.max(...boxes.map((box) => box[i])));
  const rim = 0.12 * Math.max(right - left, bottom - top);
  const [x, y] = [Math.max(0, left - rim), Math.max(0, top - rim)];
  return [x, y, Math.min(scene.width, right + rim) - x, Math.min(scene.height, bottom + rim) - y].join(" ");
}
