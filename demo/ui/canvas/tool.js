// The tool in hand. Whoever holds something for a tool lets go of it before another one is taken.
import { change, state } from "./state.js";

const endings = [];

/** Run `end` before a tool is taken, also when it is the same one again. */
export function whenToolEnds(end) {
  endings.push(end);
}

export function setTool(tool) {
  for (const end of endings) end();
  change({ tool });
}

/** Whether the tool draws where it is used, so that a click is its own. */
export function isDrawing() {
  return state.tool !== "select" && state.tool !== "correct";
}
