// What belongs to an answer and is no region: the truth, another model's answer. Dashed and dotted, with a
// name, for the answer that is looked at: the newest one, the film's step, or the one pointed at in the
// dialogue. Nothing of it can be clicked.
import { change, outlinePath, outlines, state } from "./state.js";
import { element, overlay, tags } from "./parts.js";
import { area, edges } from "./geometry.js";
import { all, closest, node, one, shape } from "../shared/nodes.js";

const ASIDE_NAMES = { truth: "Truth", model: "Other model" };
const layer = one(".asides", overlay);
const layerSwitch = one('[data-layer="asides"]', element);
let drawn = ""; // what is on the picture, as text

/** Draw those of the answer that is looked at; whether they are others than before. */
export function drawAsides() {
  const { scene, asides } = state;
  drawSwitch();
  const turn = turnLookedAt();
  const shown = (scene.asides[turn ?? ""] || []).filter(({ objects }) => objects.length);
  const wanted = JSON.stringify([scene.picture?.path, turn, shown, outlines.size]);
  if (wanted === drawn) return false;
  drawn = wanted;
  layer.replaceChildren(...shown.map(drawAside));
  for (const { tag } of asides) tag.remove();
  const marks = shown.map(asideMark);
  tags.append(...marks.map(({ tag }) => tag));
  layer.setAttribute("aria-label", spokenAsides(turn, shown));
  layer.toggleAttribute("hidden", !shown.length);
  change({ asides: marks });
  return true;
}

function drawAside({ kind, objects }) {
  return shape("g", { class: "aside", "data-aside": kind }, ...objects.flatMap(asideShapes));
}

function asideShapes(object) {
  const corners = edges(object.box);
  const shapes = [
    shape("rect", { class: "aside-rim box", ...corners }),
    shape("rect", { class: "aside-line box", ...corners }),
  ];
  const d = outlinePath(object);
  if (d) shapes.unshift(shape("path", { class: "aside-rim mask", d }), shape("path", { class: "aside-line mask", d }));
  return shapes;
}

function asideMark({ name, kind, objects }) {
  const tag = node("div", { class: "tag aside-tag", "data-aside": kind }, node("b", {}, name));
  return { tag, object: { id: null, box: [...objects].sort((a, b) => area(b.box) - area(a.box))[0].box } };
}

// The switch is there when there is something to switch.
function drawSwitch() {
  const kinds = new Set(Object.values(state.scene.asides).flat().map(({ kind }) => kind));
  const text = [...kinds].map((kind) => ASIDE_NAMES[kind]).join(" and ").replace("and O", "and o");
  layerSwitch.hidden = !kinds.size;
  layerSwitch.title = text;
  one("span", layerSwitch).textContent = text;
}

function spokenAsides(turn, shown) {
  const each = shown.map(({ name, objects }) =>
    `${name}, ${objects.length === 1 ? "one object" : `${objects.length} objects`}`
  );
  return `Beside the regions, with answer ${turn}: ${each.join("; ")}`;
}

// Which answer is looked at. While one is being written there is nothing to see beside it yet.
function turnLookedAt() {
  const { step, pointedTurn, scene } = state;
  return step ?? pointedTurn ?? (scene.busy ? null : scene.turns);
}

// The answer that a part of the dialogue belongs to: as many as there are questions up to it.
function turnOf(event) {
  const here = closest(event, "#chat .message-row");
  if (!here) return null;
  const rows = all("#chat .message-row");
  return rows.slice(0, rows.indexOf(here) + 1).filter((row) => row.classList.contains("user-row")).length;
}

for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => change({ pointedTurn: turnOf(event) }));
}
