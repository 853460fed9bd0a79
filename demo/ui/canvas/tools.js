// The tools above the picture: their buttons and keys. How each works is in drawing.js (box, point),
// correct.js and aim.js (without a mouse).
import { change, inHand, onChange, regionOf, state } from "./state.js";
import { element, stage } from "./parts.js";
import { act } from "./acts.js";
import { aimKey, dropAim, heldKey, showAim } from "./aim.js";
import { brushKey } from "./brush.js";
import { deleteChosen } from "./chosen.js";
import { letGo, takeHold } from "./correct.js";
import { endMaking } from "./drawing.js";
import { SHAPE_KEYS, TOOL_KEYS } from "./key_tables.js";
import { neighbour, objectNode } from "./marks.js";
import { finish } from "./pill.js";
import { closePolygon, dropCorner, dropPolygon } from "./polygon.js";
import { isDrawing, setTool } from "./tool.js";
import { cancelPress } from "./touch.js";
import { say } from "./voice.js";
import { zoomKey } from "./zoom.js";
import { all, closest, focused, isTyping, one } from "../shared/nodes.js";

const SPOKEN_TOOLS = {
  select: "Select: Enter cites a region.",
  box: "Box: move the crosshair with the arrow keys, Enter sets a corner.",
  point: "Point: move the crosshair with the arrow keys, Enter outlines what is there.",
  polygon: "Polygon: move the crosshair with the arrow keys, Enter sets a corner, twice closes.",
  brush: "Brush: move the crosshair with the arrow keys, Enter paints there.",
  correct: "Correct: press Tab to get to a region, then the arrow keys move it.",
};
const buttons = all("button[data-tool]", element);

function showTool() {
  stage.dataset.tool = state.tool;
  stage.tabIndex = isDrawing() ? 0 : -1;
  // Where arrow keys draw, a screen reader has to let them through.
  stage.setAttribute("role", isDrawing() ? "application" : "group");
  for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.tool === state.tool);
}

/** Take a tool in hand; the eraser is the brush that takes away. @param {string} named */
export function takeTool(named) {
  const name = named === "eraser" ? "brush" : named;
  const object = focused("#canvas [data-object]")?.dataset.object;
  setTool(name);
  change({ plus: named !== "eraser" });
  say(SPOKEN_TOOLS[name]);
  if (name === "correct" && object) takeHold(object);
  else if (name !== "select") stage.focus({ preventScroll: true });
}

function takeToolByKey(name) {
  takeTool(name);
  if (isDrawing() && !state.aim) showAim();
}

function onToolKey(event) {
  if (event.defaultPrevented || !state.scene.picture || isTyping(event) || one("dialog[open]")) return;
  if (!(aimKey(event) || heldKey(event) || plainKey(event))) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // what ends a tool does not also stop a turn
}

function plainKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const key = event.key.toLowerCase();
  const tool = TOOL_KEYS[key] || SHAPE_KEYS[key];
  if (tool) takeToolByKey(tool);
  else if (brushKey(event)) return true;
  else if (key === "backspace" && dropCorner()) return true;
  else if (key === "delete" || key === "backspace") return deleteFocused();
  else if (key === "enter") return !closest(event, "button, a, summary, [role=button]") && (closePolygon() || finish());
  else if (key === "escape") return escape();
  else return zoomKey(event);
  return true;
}

// One step back: a drag, a corner, an object in hand, the tool.
function escape() {
  if (cancelPress() || dropPolygon() || dropAim() || finish()) return true;
  if (state.tool === "select") return false;
  takeTool("select");
  return true;
}

function deleteFocused() {
  if (deleteChosen()) return true;
  const place = focused("#canvas [data-region], #regions [data-region]");
  const region = inHand()?.split(".")[0] || place?.dataset.region;
  if (!region) return false;
  const next = neighbour(inHand() || regionOf(region)?.objects[0].id, 1)?.dataset.object;
  letGo();
  endMaking();
  act({ kind: "delete", region }, null, () => {
    if (regionOf(region)) return;
    say(`${region} was deleted. Undo brings it back.`);
    if (document.activeElement === document.body) (objectNode(next) || stage).focus({ preventScroll: true });
  });
  return true;
}

element.addEventListener("click", (event) => {
  const tool = closest(event, "button[data-tool]")?.dataset.tool;
  if (tool) takeTool(tool);
  if (!closest(event, "[data-done]")) return;
  finish();
  if (state.tool === "correct") takeTool("select"); // points go on to the next thing
});
document.addEventListener("keydown", onToolKey);
onChange(["tool"], () => {
  showTool();
  document.dispatchEvent(new CustomEvent("tool-changed", { detail: state.tool })); // for whoever builds on the page
});
