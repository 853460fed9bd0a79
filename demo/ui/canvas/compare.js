// Before and after: a divider over the picture, left of it the bare picture, right of it the regions.
// Nothing is drawn again: the divider's place is a custom property that clips the overlay and the labels.
import { change, onChange, state } from "./state.js";
import { sheet, stage } from "./parts.js";
import { clamp } from "./geometry.js";
import { LOOK_ICONS } from "./icons.js";
import { lookButton } from "./looks_bar.js";
import { setTool } from "./tool.js";
import { drawIcon, node } from "../shared/nodes.js";

const divider = node(
  "div",
  {
    class: "divider",
    role: "slider",
    tabindex: "0",
    "aria-label": "Divider: the bare picture on its left, the regions on its right",
    "aria-orientation": "horizontal",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
  },
  node("span", { class: "divider-left", "aria-hidden": "true" }, "Picture"),
  node("i", {}, drawIcon(LOOK_ICONS.divider)),
  node("span", { class: "divider-right", "aria-hidden": "true" }, "Regions"),
);
const STEPS = {
  ArrowLeft: -2,
  ArrowDown: -2,
  ArrowRight: 2,
  ArrowUp: 2,
  PageDown: -10,
  PageUp: 10,
  Home: -100,
  End: 100,
};

/** Compare, or end it. */
export function showCompare(on) {
  if (on === (state.split !== null)) return;
  stage.toggleAttribute("data-comparing", on);
  if (on) {
    setTool("select");
    sheet.append(divider);
    setSplit(50);
    divider.focus({ preventScroll: true });
  } else {
    const held = divider === document.activeElement;
    divider.remove();
    change({ split: null });
    if (held) lookButton("compare").focus();
  }
}

function setSplit(percent) {
  const split = clamp(percent, 0, 100);
  change({ split });
  sheet.style.setProperty("--split", `${split}%`);
  divider.setAttribute("aria-valuenow", Math.round(split));
  divider.setAttribute("aria-valuetext", `${Math.round(split)} % of the picture is bare`);
}

divider.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  event.stopPropagation(); // no drag of the picture and no tool begins here
  event.preventDefault();
  divider.focus({ preventScroll: true });
  divider.setPointerCapture(event.pointerId);
});

divider.addEventListener("pointermove", (event) => {
  if (!divider.hasPointerCapture(event.pointerId)) return;
  const { left, width } = sheet.getBoundingClientRect();
  setSplit(((event.clientX - left) / width) * 100);
});

divider.addEventListener("keydown", (event) => {
  if (event.key === "Escape") showCompare(false);
  else if (event.key in STEPS) setSplit(state.split + STEPS[event.key]);
  else return;
  event.preventDefault();
  event.stopPropagation();
});

onChange(["drawn"], () => state.scene.picture || showCompare(false));
onChange(["tool"], () => state.tool === "select" || showCompare(false)); // nothing is drawn on half a picture
