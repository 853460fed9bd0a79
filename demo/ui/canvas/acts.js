// Acts on regions and steps back and on, sent to Python one at a time: the next goes when the one before has been
// answered.
import { change, state } from "./state.js";
import { trigger } from "./parts.js";

const MAX_WAIT_MS = 60000; // an answer that has not come by then is lost with its connection
let sent = false; // whether the first of the acts is under way
let waiting = 0;

/** @typedef {import("./scene.d.ts").Act} Act */

/**
 * Send an act, or what a function makes when its turn has come (null: nothing). Until it is answered the sketch
 * is drawn; `then` runs after the answer was drawn.
 * @param {Act | (() => Act | null)} given
 * @param {import("./state.d.ts").Sketch | null} [sketch]
 * @param {() => void} [then]
 */
export function act(given, sketch = null, then = () => {}) {
  const make = typeof given === "function" ? given : () => given;
  queue({ event: "act", make, sketch, then });
}

/**
 * Ask about a region or a box only next, or with neither about the whole picture; `then` runs once that is so.
 * @param {() => { region?: string, box?: import("./scene.d.ts").Box } | null} make What, when its turn has come.
 * @param {() => void} then
 */
export function lookCloser(make, then) {
  queue({ event: "closer", make, sketch: null, then });
}

/** Take the last act back, or do again what was taken back. @param {"undo" | "redo"} event */
export function takeStep(event) {
  queue({ event, make: () => ({}), sketch: null, then: () => {} });
}

/** @param {import("./state.d.ts").WaitingAct} waiting */
function queue(waiting) {
  change({ acts: [...state.acts, waiting] });
  sendNext();
}

/** The server has answered. */
export function actAnswered() {
  if (sent) endAct();
}

/** Whether an outline is being made. */
export function isOutlining() {
  return state.acts.some(({ sketch }) => sketch);
}

function sendNext() {
  while (state.acts.length && !sent) {
    const { event, make } = state.acts[0];
    const made = make();
    if (made) {
      sent = true;
      waiting = setTimeout(endAct, MAX_WAIT_MS);
      trigger(event, made);
    } else change({ acts: state.acts.slice(1) });
  }
}

function endAct() {
  clearTimeout(waiting);
  sent = false;
  const [{ then }, ...rest] = state.acts;
  change({ acts: rest });
  then();
  sendNext();
}
