// Moving the picture in its view by dragging, and Space held down as the hand that does it with any tool.
import { state } from "./state.js";
import { stage, view } from "./parts.js";
import { closest } from "../shared/nodes.js";

let spaceHeld = false;
let spaceUsed = false; // whether the picture was moved while Space was down

export function isSpaceHeld() {
  return spaceHeld;
}

/** Whether the last press of Space moved the picture, and so means nothing else. */
export function hasSpaceMoved() {
  return spaceUsed;
}

/** What a press does that moves the picture. */
export function pan(event) {
  const [left, top] = [view.scrollLeft, view.scrollTop];
  return {
    drag: (now) => {
      spaceUsed ||= spaceHeld;
      view.scrollTo(left + event.clientX - now.clientX, top + event.clientY - now.clientY);
    },
  };
}

function holdSpace(held) {
  if (held && !spaceHeld) spaceUsed = false;
  spaceHeld = held;
  stage.toggleAttribute("data-hand", held);
}

document.addEventListener("keydown", (event) => {
  const here = event.target === document.body || (closest(event, "#canvas") && !closest(event, "button"));
  if (event.key !== " " || !here || !state.scene.picture) return;
  event.preventDefault(); // the page does not scroll
  holdSpace(true);
});
document.addEventListener("keyup", (event) => {
  if (event.key === " ") holdSpace(false);
});
window.addEventListener("blur", () => holdSpace(false));
