// One region alone: all else is away, and the picture is dark round it. Nothing is drawn again: parts of the
// overlay get classes, as they do for the film.
import { change, knownRegion, onChange, outlinePath, pictureSize, regionOf, state } from "./state.js";
import { element, overlay, stage } from "./parts.js";
import { lookButton } from "./looks_bar.js";
import { say } from "./voice.js";
import { all, buttonNode, closest, focused, node, shape } from "../shared/nodes.js";

const spot = shape("svg", { class: "spot", "aria-hidden": "true" });
const pill = buttonNode({ class: "only-pill" });
let lastMeant = null; // the region last pointed at or reached by keyboard

/** Show one region only; null: all of them. */
export function showOnly(id) {
  const region = regionOf(id);
  change({ only: region && !region.hidden ? id : null });
  const { only } = state;
  if (only) stage.append(pill);
  else if (pill === document.activeElement) lookButton("only").focus();
  if (!only) pill.remove();
  if (only) say(`Only ${only} is shown. Escape shows all.`);
}

/** Show the region that is meant alone, or all again. */
export function toggleOnly() {
  showOnly(state.only ? null : regionMeant(true)?.id);
}

/** The region meant by a key: the one that is lit, else the one the keyboard is at; `last`: else the last one
 * that was, else the newest.
 */
export function regionMeant(last = false) {
  const place = focused("#canvas [data-region], #regions [data-region]");
  const region = regionOf(state.lit) || regionOf(place?.dataset.region);
  if (region || !last) return region;
  const shown = state.scene.regions.filter(({ hidden }) => !hidden);
  return shown.find(({ id }) => id === lastMeant) || shown.at(-1) || null;
}

function drawOnly() {
  stage.toggleAttribute("data-only", state.only !== null);
  dressRegions();
  drawSpot();
  drawPill();
}

// Which parts are away (not of the one region, or not yet found) and which were just made.
function dressRegions() {
  const { only, step } = state;
  for (const part of all("#canvas [data-region], #canvas [data-of], #regions [data-region]", element)) {
    const region = regionOf(part.dataset.region || part.dataset.of);
    if (!region) continue;
    part.classList.toggle(
      "away",
      (only !== null && region.id !== only) || (step !== null && (region.turn ?? 0) > step),
    );
    part.classList.toggle("made", step !== null && region.origin === "model" && region.turn === step);
  }
}

// All but the region's masks (or boxes) is darkened. A mask, because objects may lie over each other.
function drawSpot() {
  if (!state.only) return spot.remove();
  const [width, height] = pictureSize();
  const holes = knownRegion(state.only).objects.map((object) => {
    const [x1, y1, x2, y2] = object.box;
    return shape("path", { d: outlinePath(object) || `M${x1} ${y1}H${x2}V${y2}H${x1}Z`, "fill-rule": "evenodd" });
  });
  spot.setAttribute("viewBox", `0 0 ${width} ${height}`);
  spot.replaceChildren(
    shape(
      "mask",
      { id: "spot-holes", maskUnits: "userSpaceOnUse", x: 0, y: 0, width, height },
      shape("rect", { width, height, fill: "#fff" }),
      ...holes,
    ),
    shape("rect", { width, height, mask: "url(#spot-holes)" }),
  );
  overlay.before(spot);
}

function drawPill() {
  const { only } = state;
  if (!only) return;
  pill.setAttribute("aria-label", `Only ${only} is shown: show all regions again`);
  pill.replaceChildren("Only ", node("b", { class: "mark", "data-tone": knownRegion(only).tone }, only), " ×");
}

pill.addEventListener("click", () => showOnly(null));
for (const kind of ["pointerover", "focusin"]) {
  element.addEventListener(kind, (event) => {
    lastMeant = closest(event, "[data-region]")?.dataset.region || lastMeant;
  });
}
onChange(["drawn"], () => {
  const region = regionOf(state.only);
  if (state.only && (!region || region.hidden)) showOnly(null);
});
onChange(["drawn", "only", "step"], drawOnly);
