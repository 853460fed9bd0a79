// Drawing by hand: a box by dragging, an outline by clicking what belongs to it and what does not.
import { change, newestNumber, newRegion, pictureSize, state } from "./state.js";
import { act } from "./acts.js";
import { answerDrawn, askName } from "./ask_name.js";
import { boxBetween } from "./geometry.js";
import { citeFrom } from "./cite.js";
import { guide } from "./crosshair.js";
import { marks } from "./marks.js";
import { pan } from "./pan.js";
import { whenToolEnds } from "./tool.js";
import { pictureAt, pixelAt, scaleNow } from "./view.js";
import { say } from "./voice.js";
import { closest } from "../shared/nodes.js";

/** @typedef {import("./scene.d.ts").Point} Point */

const MIN_BOX = 3; // screen pixels; anything smaller was a click

/** A press with Box in hand. A click without a drag cites, as without a tool. */
export function pressBox(event) {
  const from = pictureAt(event.clientX, event.clientY);
  const under = closest(event, "[data-object]");
  const tap = () => under && citeFrom(under, false);
  return {
    drag: (now) => {
      guide(now);
      change({ rubber: boxBetween(from, pictureAt(now.clientX, now.clientY), pictureSize()) });
    },
    drop: ({ pointerType }) => {
      const box = state.rubber;
      change({ rubber: null });
      const by = pointerType === "touch" ? "touch" : "mouse";
      if (box && Math.min(box[2] - box[0], box[3] - box[1]) * scaleNow() >= MIN_BOX) addBox(box, by);
      else tap();
    },
    tap,
    cancel: () => change({ rubber: null }),
  };
}

/** @param {import("./scene.d.ts").Box} box @param {"keys" | "mouse" | "touch"} by */
export function addBox(box, by) {
  const before = newestNumber();
  const drawn = { region: null, isGone: false };
  act({ kind: "box", box }, { box }, () => {
    const region = newRegion(before);
    if (region) say(`${region.id} was drawn, ${box[2] - box[0]} by ${box[3] - box[1]} pixels.`);
    answerDrawn(drawn, region?.id ?? null);
  });
  askName(drawn, box, by);
}

/** A press with Point in hand. */
export function pressPoint(event) {
  return { ...pan(event), tap: (now) => addPoint(pixelAt(now), signOf(now)) };
}

/** Whether a click marks what is part of the object. Alt turns it round, whichever sign is chosen in the pill. */
export function signOf({ altKey }) {
  return altKey ? !state.plus : state.plus;
}

/** @param {Point | null} at @param {boolean} positive */
export function addPoint(at, positive) {
  if (!at) return;
  const { making } = state;
  if (making?.object && !marks.has(making.object)) endMaking(); // it was deleted meanwhile
  // The click may come before the object has its name: that is asked for when the act is sent.
  if (making && state.making) refine(() => making.object, at, positive);
  else makeAt(at);
}

/** @param {Point} at */
function makeAt(at) {
  /** @type {{ object: string | null }} */
  const made = { object: null };
  const before = newestNumber();
  change({ making: made });
  act({ kind: "point", at }, { click: [...at, 1] }, () => {
    const region = newRegion(before);
    made.object = region?.objects[0].id || null;
    if (state.making === made) change({ making: region ? { ...made } : null });
    if (region) say(`${region.id} was outlined. Enter another point to refine it, Escape when it is right.`);
  });
}

/**
 * Add a click to the outline of an object, if it is there when its turn comes.
 * @param {() => string | null} objectNow @param {Point} at @param {boolean} positive
 */
export function refine(objectNow, at, positive) {
  /** @returns {import("./scene.d.ts").Act | null} */
  const make = () => {
    const object = objectNow();
    return object && marks.has(object) ? { kind: "refine", object, at, positive } : null;
  };
  act(
    make,
    { click: [...at, positive ? 1 : 0] },
    () => say(positive ? "Added to the outline." : "Taken from the outline."),
  );
}

export function endMaking() {
  change({ rubber: null, making: null });
}

whenToolEnds(endMaking);
