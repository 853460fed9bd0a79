// A heading where each question and each answer begins, for those who go from heading to heading and do not see
// on which side a message stands.
import { state } from "../canvas/state.js";
import { all, node } from "../shared/nodes.js";

/** Put a heading before each message of the dialogue, and take away those whose message is gone. */
export function headTurns() {
  let turn = 0;
  for (const row of all("#chat .message-row")) {
    const asked = row.classList.contains("user-row");
    if (asked) turn++;
    head(row, asked ? "h2" : "h3", asked ? "You asked" : answered(turn));
  }
  for (const old of all("#chat .turn-head")) {
    if (!old.nextElementSibling?.matches(".message-row")) old.remove();
  }
}

function answered(turn) {
  const { authors, busy } = state.scene;
  if (turn <= authors.length) return `${authors[turn - 1]} answered`;
  return busy ? "The answer is being written" : "There is no answer";
}

function head(row, level, words) {
  const there = row.previousElementSibling;
  if (!there?.matches(`${level}.turn-head`)) row.before(node(level, { class: "turn-head unseen" }, words));
  else if (there.textContent !== words) there.textContent = words;
}
