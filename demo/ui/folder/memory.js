// What was done to pictures is known again another day: for each the name of its dialogue, under a number that does
// not tell the name of the file. Whether the dialogues are still there, the server says.
import { mark, onChange, state } from "./state.js";
import { goneOf, isDone } from "./series.js";
import { component } from "../shared/components.js";
import { onAnswer } from "../shared/answers.js";
import { storage } from "../shared/nodes.js";

/** @typedef {import("./series.js").Item} Item */

const KEPT = "regionreasoner.pictures";
const MAX_KEPT = 5000;
const AT_ONCE = 500; // as in walk.py
const { props, trigger, watch } = component("folder/folder");
/** @type {[Item, string][]} */
let asking = []; // the items whose dialogues are asked after, with the names of those
let number = 0; // of the question that is under way; what others are answered comes too late

/** @returns {Record<string, [number, number, string]>} */
function read() {
  return storage((items) => JSON.parse(items.getItem(KEPT) || "{}")) || {};
}

/** Write down what was done to one. @param {Item} item */
export function remember(item) {
  if (!props.keeps) return;
  const { [item.print]: former, ...others } = read();
  const now = isDone(item) && item.kept ? { [item.print]: [item.asked, item.drawn, item.kept] } : {};
  if (JSON.stringify(former) === JSON.stringify(now[item.print])) return;
  const newest = Object.entries({ ...others, ...now }).slice(-MAX_KEPT);
  storage((items) => items.setItem(KEPT, JSON.stringify(Object.fromEntries(newest))));
}

function recall() {
  if (!props.keeps) return;
  const known = read();
  for (const item of state.items) {
    const [asked, drawn, kept] = known[item.print] || [0, 0, ""];
    Object.assign(item, { asked, drawn, kept });
  }
  checkKept();
}

/** Look whether the dialogues are still there. */
export function checkKept() {
  if (props.keeps) ask(state.items.filter(({ kept }) => kept).map((item) => [item, item.kept]));
}

/** @param {[Item, string][]} items */
function ask(items) {
  asking = items;
  number++;
  if (items.length) trigger("known", { ids: items.slice(0, AT_ONCE).map(([, kept]) => kept), number });
}

// Those whose dialogue is gone have nothing done to them; where the server cannot say, they stay as they are.
onAnswer({ props, watch }, (answer) => {
  if (!answer.known || answer.number !== number) return;
  mark(goneOf(asking.slice(0, AT_ONCE), answer.known), { asked: 0, drawn: 0, kept: "" });
  ask(asking.slice(AT_ONCE));
});
onChange(["items"], recall);
recall();
