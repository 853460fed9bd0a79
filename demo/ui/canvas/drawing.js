// Drawing by hand: a box by dragging (a click without a drag cites, as without a tool), an outline by clicking what belongs to it and what does not.
// What is drawn stays on the picture as a draft until the server's own value of it has come.

const LEAST_BOX = 3; // screen pixels; anything smaller was a click
const draft = overlay.querySelector(".draft");
const extent = sheet.querySelector(".extent");
let rubber = null; // the box being drawn, in picture pixels
let making = null; // the object that clicks are making: {object: its name, once there is one}

function drawDraft() {
  const sketches = acts.map(({ sketch }) => sketch).filter(Boolean);
  const boxes = [...sketches, { box: rubber }].filter(({ box }) => box && box !== moved);
  draft.setAttribute("data-tone", scene.tone || 1);
  draft.replaceChildren(...boxes.map(drawSketch), ...drawHeld(), ...clicksNow(sketches).map(drawClick));
  showExtent(rubber || moved);
}

function drawSketch({ box, tone }) {
  const corners = edges(box);
  return shape("g", { class: "object sketch", "data-tone": tone },
    shape("rect", { class: "casing", ...corners }), shape("rect", { class: "box", ...corners }));
}

// The clicks of the object in hand, and those on their way.
function clicksNow(sketches) {
  const object = marks.get(inHand())?.object;
  return [...(object?.clicks || []), ...sketches.map(({ click }) => click).filter(Boolean)];
}

function drawClick([x, y, positive]) {
  const sign = positive ? "M-4.5 0h9M0-4.5v9" : "M-4.5 0h9";
  return shape("g", { class: positive ? "click" : "click minus", style: placed([x, y]) },
    shape("circle", { r: 8.5 }), shape("path", { d: sign }));
}

// The middle of a pixel of the picture, in the screen's own scale (--unit).
function placed([x, y]) {
  return `transform: translate(${x + 0.5}px, ${y + 0.5}px) scale(var(--unit))`;
}

// The size in picture pixels, at the lower right of what is being drawn.
function showExtent(box) {
  extent.hidden = !box;
  if (!box) return;
  extent.textContent = `${box[2] - box[0]} × ${box[3] - box[1]}`;
  extent.style.left = `${(100 * box[2]) / scene.width}%`;
  extent.style.top = `${(100 * box[3]) / scene.height}%`;
  extent.classList.toggle("within", box[3] > 0.9 * scene.height);
}

// Box ------------------------------------------------------------------------------------------------

function pressBox(event) {
  hideAim();
  const from = pictureAt(event.clientX, event.clientY);
  const under = event.target.closest?.("[data-object]");
  const tap = () => under && citeFrom(under, false);
  const show = (box) => {
    rubber = box;
    drawDraft();
  };
  return {
    drag: (now) => {
      guide(now);
      show(boxBetween(from, pictureAt(now.clientX, now.clientY)));
    },
    drop: () => {
      const box = rubber;
      rubber = null;
      const [width, height] = box ? [box[2] - box[0], box[3] - box[1]] : [0, 0];
      if (Math.min(width, height) * scaleNow() >= LEAST_BOX) addBox(box);
      else tap();
      drawDraft();
    },
    tap,
    cancel: () => show(null),
  };
}

// Whole pixels between two places, at least one, inside the picture.
function boxBetween([x1, y1], [x2, y2]) {
  const [left, right] = span(x1, x2, scene.width);
  const [top, bottom] = span(y1, y2, scene.height);
  return [left, top, right, bottom];
}

function span(a, b, size) {
  const low = Math.max(0, Math.min(Math.round(Math.min(a, b)), size - 1));
  return [low, Math.max(low + 1, Math.min(Math.round(Math.max(a, b)), size))];
}

function addBox(box) {
  const before = newestNumber();
  act({ kind: "box", box }, { box }, () => {
    const region = newRegion(before);
    if (region) say(`${region.id} was drawn, ${box[2] - box[0]} by ${box[3] - box[1]} pixels.`);
  });
}

// Numbers are never given out twice, so a new region is one with a higher number.
function newestNumber() {
  return Math.max(0, ...scene.regions.map(({ id }) => Number(id.slice(1))));
}

function newRegion(before) {
  const newest = newestNumber();
  return newest > before ? scene.regions.find(({ id }) => id === `R${newest}`) : null;
}

// Point ----------------------------------------------------------------------------------------------

function pressPoint(event) {
  hideAim();
  return { ...pan(event), tap: (now) => addPoint(pixelAt(now), signOf(now)) };
}

function pixelAt(event) {
  const [x, y] = pictureAt(event.clientX, event.clientY).map(Math.floor);
  return x >= 0 && y >= 0 && x < scene.width && y < scene.height ? [x, y] : null;
}

// Alt turns the click round, whichever sign is chosen in the pill.
function signOf(event) {
  return event.altKey ? !plus : plus;
}

function addPoint(at, positive) {
  if (!at) return;
  if (making?.object && !marks.has(making.object)) endMaking(); // it was deleted meanwhile
  if (making) refineMade(making, at, positive);
  else makeAt(at);
}

function makeAt(at) {
  const made = { object: null };
  making = made;
  const before = newestNumber();
  act({ kind: "point", at }, { click: [...at, 1] }, () => {
    const region = newRegion(before);
    made.object = region?.objects[0].id || null;
    if (!region && making === made) making = null;
    if (region) say(`${region.id} was outlined. Enter another point to refine it, Escape when it is right.`);
    showPill();
    drawDraft();
  });
  showPill();
}

// The click may come before the object has its name: that is asked for when the act is sent.
function refineMade(made, at, positive) {
  refine(() => made.object, at, positive);
}

function refine(objectNow, at, positive) {
  act(() => {
    const object = objectNow();
    return object && marks.has(object) ? { kind: "refine", object, at, positive } : null;
  }, { click: [...at, positive ? 1 : 0] }, () => say(positive ? "Added to the outline." : "Taken from the outline."));
}

function endMaking() {
  rubber = null;
  making = null;
  showPill();
  drawDraft();
}
