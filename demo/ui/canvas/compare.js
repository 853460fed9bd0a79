// Before and after: a divider over the picture, left of it the bare picture, right of it the regions.
// Nothing is drawn again: the divider's place is a custom property that clips the overlay and the labels.

const divider = node("div", {
  class: "divider", role: "slider", tabindex: "0", "aria-label": "Divider: the bare picture on its left, the regions on its right",
  "aria-orientation": "horizontal", "aria-valuemin": "0", "aria-valuemax": "100",
}, node("span", { class: "divider-left", "aria-hidden": "true" }, "Picture"), node("i", {}, drawIcon("M8 6 4 10l4 4M12 6l4 4-4 4")),
  node("span", { class: "divider-right", "aria-hidden": "true" }, "Regions"));
const DIVIDER_STEPS = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10, Home: -100, End: 100 };
let split = null; // how much of the picture is bare, in percent; null: not comparing

function showCompare(on) {
  if (on === (split !== null)) return;
  stage.toggleAttribute("data-comparing", on);
  if (on) {
    setTool("select");
    sheet.append(divider);
    setSplit(50);
    divider.focus({ preventScroll: true });
  } else {
    const held = divider === document.activeElement;
    divider.remove();
    split = null;
    if (held) lookButton("compare").focus();
  }
  drawLooks();
}

function setSplit(percent) {
  split = Math.max(0, Math.min(100, percent));
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
  else if (event.key in DIVIDER_STEPS) setSplit(split + DIVIDER_STEPS[event.key]);
  else return;
  event.preventDefault();
  event.stopPropagation();
});
