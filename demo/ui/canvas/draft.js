// What is being drawn by hand or held, over the regions: it stays until the server's own value of it has come.
import { inHand, onChange, pictureSize, regionsOf, state } from "./state.js";
import { overlay, sheet, stage } from "./parts.js";
import { edges, gripsOf } from "./geometry.js";
import { knownMark, marks } from "./marks.js";
import { onLayout, scaleNow } from "./view.js";
import { isOutlining } from "./acts.js";
import { one, shape } from "../shared/nodes.js";

const layer = one(".draft", overlay);
const extent = one(".extent", sheet);

/** The box of the object in hand, as it has been moved. */
export function heldBox() {
  return state.moved || knownMark(state.held).object.box;
}

/** The extent of what is being drawn, in words. */
export function spokenExtent() {
  return `${extent.textContent.replace("×", "by")} pixels`;
}

/** Draw it. */
export function drawDraft() {
  const { acts, rubber, moved, scene } = state;
  const sketches = acts.map(({ sketch }) => sketch).filter((sketch) => sketch !== null);
  const boxes = [...sketches, { box: rubber }].filter(({ box }) => box && box !== moved);
  layer.setAttribute("data-tone", scene.tone || 1);
  layer.replaceChildren(
    ...boxes.map(drawSketch),
    ...drawShifted(),
    ...drawHeld(),
    ...clicksNow(sketches).map(drawClick),
  );
  showExtent(rubber || moved);
}

/** @param {import("./state.d.ts").Sketch | { box: any, tone?: number }} sketch */
function drawSketch({ box, tone }) {
  const corners = edges(box);
  return shape(
    "g",
    { class: "object sketch", "data-tone": tone },
    shape("rect", { class: "casing", ...corners }),
    shape("rect", { class: "box", ...corners }),
  );
}

// The held object's box with its handles; the object itself fades while its box is elsewhere.
function drawHeld() {
  const { held, moved } = state;
  if (!marks.has(held)) return [];
  const { group, region } = knownMark(held);
  group.classList.toggle("held", Boolean(moved));
  return [
    ...(moved ? [drawSketch({ box: moved, tone: region.tone })] : []),
    ...gripsOf(heldBox(), scaleNow()).map(({ at }) => drawGrip(at, region.tone)),
  ];
}

// The chosen regions, where they are being moved to.
function drawShifted() {
  const { chosen, shift } = state;
  if (!shift) return [];
  const [dx, dy] = shift;
  return regionsOf(chosen).flatMap(({ tone, objects }) =>
    objects.map(({ box: [x1, y1, x2, y2] }) => drawSketch({ box: [x1 + dx, y1 + dy, x2 + dx, y2 + dy], tone }))
  );
}

function drawGrip([x, y], tone) {
  const style = `transform: translate(${x}px, ${y}px) scale(var(--unit))`; // the corner between pixels
  return shape("rect", { class: "grip", x: -5, y: -5, width: 10, height: 10, rx: 2, style, "data-tone": tone });
}

// The clicks of the object in hand, and those on their way.
function clicksNow(sketches) {
  const object = marks.get(inHand())?.object;
  return [...(object?.clicks || []), ...sketches.map(({ click }) => click).filter(Boolean)];
}

// In the middle of its pixel, in the screen's own scale (--unit).
function drawClick([x, y, positive]) {
  const style = `transform: translate(${x + 0.5}px, ${y + 0.5}px) scale(var(--unit))`;
  return shape(
    "g",
    { class: positive ? "click" : "click minus", style },
    shape("circle", { r: 8.5 }),
    shape("path", { d: positive ? "M-4.5 0h9M0-4.5v9" : "M-4.5 0h9" }),
  );
}

// The size in picture pixels, at the lower right of what is being drawn.
function showExtent(box) {
  extent.hidden = !box;
  if (!box) return;
  const [width, height] = pictureSize();
  extent.textContent = `${box[2] - box[0]} × ${box[3] - box[1]}`;
  extent.style.left = `${(100 * box[2]) / width}%`;
  extent.style.top = `${(100 * box[3]) / height}%`;
  extent.classList.toggle("within", box[3] > 0.9 * height);
}

/** A turn makes the canvas busy for everybody; an outline after an act is only said. */
export function drawBusy() {
  const { busy } = state.scene;
  stage.setAttribute("aria-busy", busy ? "true" : "false");
  stage.toggleAttribute("data-outlining", isOutlining());
  one(".busy span", stage).textContent = busy || (isOutlining() ? "Outlining…" : "");
}

onChange(["rubber", "moved", "held", "making", "acts", "shift"], drawDraft);
onChange(["acts"], drawBusy);
onLayout((scale) => {
  layer.style.setProperty("--unit", 1 / scale);
  drawDraft(); // a held box has fewer handles when it is small on the screen
});
