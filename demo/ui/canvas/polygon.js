// Outlines by their corners: clicked one by one, or taken from a region to be dragged elsewhere. Enter, a double
// click or a click on the first corner closes one.
import { change, newestNumber, newRegion, onChange, outlinePath, pictureSize, regionOf, state } from "./state.js";
import { overlay } from "./parts.js";
import { act } from "./acts.js";
import { answerDrawn, askName } from "./ask_name.js";
import { boundsOf } from "./geometry.js";
import { marks } from "./marks.js";
import { cornersOf, pointNear } from "./outline.js";
import { pan } from "./pan.js";
import { whenToolEnds } from "./tool.js";
import { onLayout, pictureAt, pixelAt, scaleNow } from "./view.js";
import { say, tell } from "./voice.js";
import { closest, shape } from "../shared/nodes.js";

/** @typedef {import("./scene.d.ts").Point} Point */

const MIN_CORNERS = 3;
const REACH_MOUSE = 10; // screen pixels from a corner at which it is taken
const REACH_TOUCH = 22;
const TOLERANCE = 1.5; // screen pixels between an outline and its corners
const layer = shape("g", { class: "corners-draft", "aria-hidden": "true" });
/** @type {string | null} */
let object = null; // whose outline it is; null: a new one
let unit = 1;

function reachOf({ pointerType }) {
  return (pointerType === "touch" ? REACH_TOUCH : REACH_MOUSE) / scaleNow();
}

/** A press with Polygon in hand. */
export function pressPolygon(event) {
  const { corners } = state;
  const at = pointNear(corners, pictureAt(event.clientX, event.clientY), reachOf(event));
  const under = closest(event, "[data-object]")?.dataset.object;
  const by = event.pointerType === "touch" ? "touch" : "mouse";
  if (at >= 0) {
    return {
      drag: (now) => moveCorner(at, now),
      tap: () => (at === 0 || at === corners.length - 1) && closePolygon(by),
    };
  }
  return {
    ...pan(event),
    tap: (now) => (under && !corners.length ? takeOutline(under) : addCorner(pixelAt(now))),
  };
}

function moveCorner(at, event) {
  const [[x, y], [width, height]] = [pictureAt(event.clientX, event.clientY).map(Math.round), pictureSize()];
  /** @type {Point} */
  const corner = [Math.max(0, Math.min(x, width - 1)), Math.max(0, Math.min(y, height - 1))];
  change({ corners: state.corners.with(at, corner) });
}

/** One more corner; the same once more closes the outline. @param {Point | null} at */
export function addCorner(at, by = "keys") {
  const { corners } = state;
  if (!at || object) return;
  if (by === "keys" && String(corners.at(-1)) === String(at)) return closePolygon("keys");
  change({ corners: [...corners, at] });
  say(`Corner ${corners.length + 1} at ${at.join(", ")}.`);
}

// What a region has of an outline: its mask's, else its box.
function takeOutline(name) {
  const item = marks.get(name)?.object;
  if (!item) return;
  const [x1, y1, x2, y2] = item.box;
  const path = outlinePath(item) || `M${x1} ${y1} ${x2 - 1} ${y1} ${x2 - 1} ${y2 - 1} ${x1} ${y2 - 1}Z`;
  object = name;
  change({ corners: cornersOf(path, TOLERANCE / scaleNow()) });
  say(`The outline of ${name} has ${state.corners.length} corners. Drag them, Enter keeps it.`);
}

/** Close the outline that is being drawn, or keep the changed one; whether there was one. */
export function closePolygon(by = "keys") {
  const { corners } = state;
  if (!corners.length) return false;
  if (corners.length < MIN_CORNERS) tell("An outline needs at least three corners.");
  else if (object) send({ kind: "reshape", object, corners });
  else addPolygon(corners, by);
  return true;
}

function send(act_) {
  act(act_, { box: boundsOf(state.corners) }, () => say(`${act_.object} has another outline.`));
  dropPolygon();
}

function addPolygon(corners, by) {
  const [before, box, drawn] = [newestNumber(), boundsOf(corners), { region: null, isGone: false }];
  act({ kind: "polygon", corners }, { box }, () => {
    const region = newRegion(before);
    if (region) say(`${region.id} was drawn, with ${corners.length} corners.`);
    answerDrawn(drawn, region?.id ?? null);
  });
  dropPolygon();
  askName(drawn, box, by);
}

/** Take the last corner back; whether there was one. */
export function dropCorner() {
  const { corners } = state;
  if (!corners.length || object) return false;
  change({ corners: corners.slice(0, -1) });
  return true;
}

/** Draw no outline any more; whether there was one. */
export function dropPolygon() {
  const { corners } = state;
  object = null;
  change({ corners: [] });
  return corners.length > 0;
}

function draw() {
  const { corners } = state;
  const d = corners.length ? `M${corners.map((corner) => corner.join(" ")).join(" ")}${object ? "Z" : ""}` : "";
  const spots = corners.map(([x, y], i) =>
    shape("circle", {
      class: i ? "corner" : "corner first",
      r: 6,
      style: `transform: translate(${x}px, ${y}px) scale(${unit})`,
    })
  );
  layer.replaceChildren(shape("path", { class: "casing", d }), shape("path", { class: "line", d }), ...spots);
}

overlay.append(layer);
onChange(["corners"], draw);
onChange(["drawn"], () => object && !regionOf(object) && dropPolygon());
onLayout((scale) => {
  unit = 1 / scale;
  draw();
});
whenToolEnds(dropPolygon);
