// The pill on the picture says what to do with the tool in hand; once there is something that clicks refine,
// what they mark.
import { change, inHand, onChange, state } from "./state.js";
import { stage } from "./parts.js";
import { letGo } from "./correct.js";
import { endMaking } from "./drawing.js";
import { marks } from "./marks.js";
import { all, closest, forHands, one } from "../shared/nodes.js";

const FIRST_WORDS = {
  box: "Drag a box around something",
  point: forHands("Click something to outline it"),
  correct: forHands("Click a region to correct it"),
  polygon: forHands("Click corners, or a region to change its outline"),
  brush: "Paint on a region, or beside it for a new one",
};
const CLOSING = forHands("Click the first corner to close it");
const ROOM = 70; // screen pixels that it takes at the bottom
const pill = one(".pill", stage);

/** Be done with what is in hand; whether there was something. */
export function finish() {
  if (state.making) endMaking();
  else if (state.held) letGo();
  else return false;
  stage.focus({ preventScroll: true });
  return true;
}

function showPill() {
  const { tool, making, plus, corners } = state;
  const clicking = marks.has(inHand());
  pill.hidden = tool === "select" || Boolean(making && !clicking);
  pill.classList.toggle("clicking", clicking);
  one(".pill-text", pill).textContent = clicking ? "" : corners.length ? CLOSING : FIRST_WORDS[tool] || "";
  for (const button of all("[data-sign]", pill)) {
    button.setAttribute("aria-pressed", (button.dataset.sign === "+") === plus);
  }
  // Above, when what is in hand lies where the pill would be.
  const bottom = marks.get(inHand())?.group.getBoundingClientRect().bottom;
  stage.toggleAttribute("data-low", bottom !== undefined && bottom > stage.getBoundingClientRect().bottom - ROOM);
}

pill.addEventListener("click", (event) => {
  const sign = closest(event, "[data-sign]")?.dataset.sign;
  if (sign) change({ plus: sign === "+" || !inHand() });
});
onChange(["held", "making"], () => inHand() || change({ plus: true }));
onChange(["tool", "held", "making", "plus", "corners"], showPill);
