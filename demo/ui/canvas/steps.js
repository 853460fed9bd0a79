// Undo and Redo: their buttons in the page's header say what they would do. With nothing to do they still answer.
import { onChange, state } from "./state.js";
import { takeStep } from "./acts.js";
import { whenThere } from "../shared/nodes.js";

/** @param {"undo" | "redo"} step @param {string} word @param {string} keys */
function connect(step, word, keys) {
  whenThere(`#${step}`, (button) => {
    const show = () => {
      const what = state.scene[step];
      button.title = what ? `${word}: ${what}` : `There is nothing to ${step}.`;
      button.setAttribute("aria-disabled", !what);
    };
    button.setAttribute("aria-keyshortcuts", keys);
    button.addEventListener("click", () => takeStep(step));
    onChange(["scene"], show);
    show();
  });
}

connect("undo", "Undo", "Control+Z Meta+Z");
connect("redo", "Redo", "Control+Shift+Z Meta+Shift+Z Control+Y");
