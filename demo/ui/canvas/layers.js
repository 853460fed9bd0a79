// What is shown on the picture: a button for each layer, and how strongly masks are filled.
import { element, stage } from "./parts.js";
import { closest, one, storage } from "../shared/nodes.js";
import { standsBehind } from "../shared/panel.js";

const USUAL_OPACITY = "35"; // per cent of a mask's colour
const OPACITY_KEY = "regionreasoner.mask-opacity";
const opacity = one(".opacity input", element);

/** On a narrow screen the buttons stand in a panel behind one button. */
export const openLayers = standsBehind(".layers-open", ".layers");

function showOpacity() {
  stage.style.setProperty("--mask-opacity", opacity.value / 100);
}

// A browser may forbid its storage; the slider works without.
opacity.value = storage((items) => items.getItem(OPACITY_KEY)) ?? USUAL_OPACITY;
showOpacity();
opacity.addEventListener("input", () => {
  showOpacity();
  storage((items) => items.setItem(OPACITY_KEY, opacity.value));
});

element.addEventListener("click", (event) => {
  const button = closest(event, "[data-layer]");
  if (!button) return;
  const shown = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", shown);
  stage.classList.toggle(`no-${button.dataset.layer}`, !shown);
});
