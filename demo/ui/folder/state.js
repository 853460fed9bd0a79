// The folder that is gone through: which pictures there are, and where one is. It knows no node of the page.
import { createStore } from "../shared/store.js";
import { noteOf, seriesOf } from "./series.js";

/** @typedef {import("./series.js").Item} Item */

export const { state, change, onChange } = createStore({
  /** @type {Item[]} */
  items: [],
  left: 0,
  name: "",
  /** What became of labels among them. */
  note: "",
  /** Whether dialogues are kept on disk. */
  keeps: false,
  /** Where one is, also while another picture is shown; -1 before the first. */
  at: -1,
  /** Whether the one there is on the page. */
  isHere: false,
  /** Which one is being opened; -1 for none. */
  going: -1,
  /** Whether the first ones have been sent together, and are opened without being asked for. */
  isSent: false,
  /** How often something was marked. */
  marks: 0,
  /** What is shown for a moment, and what only those hear who do not see the page. */
  told: { text: "" },
  said: { text: "" },
});

/** Say it, and show it to those who see; the same thing again, too. @param {string} text */
export function tell(text) {
  change({ told: { text } });
}

/** @param {string} text */
export function say(text) {
  change({ said: { text } });
}

/**
 * Go through these from now on. Those that were sent already are not opened here.
 * @param {import("./series.js").Found[]} found @param {string} name
 */
export function begin(found, name, isSent = false) {
  const series = seriesOf(found);
  const note = noteOf(series, isSent, state.keeps);
  if (note) tell(note);
  change({ items: series.items, left: series.left, name, note, at: -1, isHere: false, isSent });
}

/** Note what was found out about one, or the same about several. @param {Item | Item[]} items @param {Partial<Item>} news */
export function mark(items, news) {
  for (const item of [items].flat()) Object.assign(item, news);
  change({ marks: state.marks + 1 });
}
