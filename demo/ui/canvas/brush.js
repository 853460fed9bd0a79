// Brush and eraser: strokes over a region's mask, or a new region where there is none. A stroke that begins on a
// region is that region's, and so are those after it until it is let go of. One stroke is one step for Undo.
import { change, inHand, newestNumber, newRegion, onChange, pictureSize, regionOf, state } from "./state.js";
import { overlay, stage, view } from "./parts.js";
import { act } from "./acts.js";
import { answerDrawn, askName } from "./ask_name.js";
import { signOf } from "./drawing.js";
import { boundsOf } from "./geometry.js";
import { marks } from "./marks.js";
import { fewer } from "./outline.js";
import { pictureAt } from "./view.js";
import { say } from "./voice.js";
import { closest, node, one, shape } from "../shared/nodes.js";

/** @typedef {import("./scene.d.ts").Point} Point */

const USUAL = 0.04; // of the picture's longer side
const WIDEST = 0.12;
const STEP = 1.25;
const line = shape("path", { class: "stroke" });
const tip = shape("circle", { class: "brush-tip" });
const layer = shape("g", { class: "brush-draft", "aria-hidden": "true" }, line, tip);
const slider = node("input", { type: "range", min: 1, max: 100, "aria-label": "Size of the brush" });
const size = node("label", { class: "brush-size", title: "Size of the brush (− and +)" }, slider);
let share = USUAL; // how wide it is, of the picture's longer side

/** How wide the brush is, in pixels of the picture. */
function brushWidth() {
  return Math.max(1, Math.round(share * Math.max(...pictureSize())));
}

function setShare(wanted) {
  share = Math.max(1 / Math.max(...pictureSize()), Math.min(wanted, WIDEST));
  slider.value = String(Math.round((100 * share) / WIDEST));
  tip.setAttribute("r", String(brushWidth() / 2));
  say(`The brush is ${brushWidth()} pixels wide.`);
}

/** A key that makes the brush larger or smaller; whether it did. */
export function brushKey({ key }) {
  const way = ["+", "=", "]"].includes(key) ? STEP : ["-", "−", "["].includes(key) ? 1 / STEP : 0;
  if (state.tool !== "brush" || !way) return false;
  setShare(Math.max(share * way, share + Math.sign(way - 1) / Math.max(...pictureSize())));
  return true;
}

/** A press with Brush in hand. */
export function pressBrush(event) {
  const target = inHand() || closest(event, "[data-object]")?.dataset.object || null;
  const erases = !signOf(event);
  const points = [pictureAt(event.clientX, event.clientY)];
  const by = event.pointerType === "touch" ? "touch" : "mouse";
  drawStroke(points, target, erases);
  return {
    drag: (now) => {
      points.push(...(now.getCoalescedEvents?.().map(({ clientX, clientY }) => pictureAt(clientX, clientY)) || []));
      points.push(pictureAt(now.clientX, now.clientY));
      drawStroke(points, target, erases);
      moveTip(now);
    },
    drop: () => sendStroke(points, target, erases, by),
    tap: () => sendStroke(points, target, erases, by),
    cancel: () => drawStroke([], null, false),
  };
}

/** A dab of the brush, by the keyboard. @param {Point} at */
export function dab(at, positive) {
  sendStroke([at], inHand(), !positive, "keys");
}

function sendStroke(given, object, erases, by) {
  const points = fewer(given, 0.5).map((point) => /** @type {Point} */ (point.map(Math.round)));
  const [before, drawn, width] = [newestNumber(), { region: null, isGone: false }, brushWidth()];
  const make = () => !object || marks.has(object);
  act(
    () => make() ? { kind: "paint", object: object || "", points, width, erases } : null,
    { box: boundsOf(points) },
    () => {
      drawStroke([], null, false);
      const region = object ? regionOf(object) : newRegion(before);
      if (!object) answerDrawn(drawn, region?.id ?? null);
      if (region && state.tool === "brush") change({ making: { object: object || region.objects[0].id } });
      if (region) say(erases ? `Erased from ${region.id}.` : `Painted on ${region.id}.`);
    },
  );
  if (!object && !erases) askName(drawn, boundsOf(points), by);
}

// It stays drawn until the server's mask has come.
function drawStroke(points, target, erases) {
  const d = points.length ? `M${points.map((point) => point.join(" ")).join("L")}h0` : "";
  line.setAttribute("d", d);
  line.setAttribute("stroke-width", String(brushWidth()));
  line.classList.toggle("erases", erases);
  layer.setAttribute("data-tone", String(marks.get(target)?.region.tone || state.scene.tone || 1));
}

function moveTip({ clientX, clientY, pointerType }) {
  const [x, y] = pictureAt(clientX, clientY);
  tip.setAttribute("cx", String(x));
  tip.setAttribute("cy", String(y));
  tip.classList.toggle("on", pointerType !== "touch");
}

overlay.append(layer);
one(".pill", stage).append(size);
slider.addEventListener("input", () => setShare((Number(slider.value) / 100) * WIDEST));
view.addEventListener("pointermove", (event) => state.tool === "brush" && !state.pressed && moveTip(event));
view.addEventListener("pointerleave", () => tip.classList.remove("on"));
onChange(["tool"], () => {
  size.hidden = state.tool !== "brush";
  if (state.tool === "brush") setShare(share);
  else tip.classList.remove("on");
});
size.hidden = true;
