import { deepEqual, equal } from "node:assert/strict";
import { FILM_KEYS, stepAt, unsaidAt } from "../../../demo/ui/canvas/film_steps.js";

const { test } = Deno;
const ROWS = [true, false, false, true, false, true]; // two whole answers, and a question without one

test("the bar says which answer is shown, and that none is", () => {
  const words = (turn) => stepAt(turn, 3).lead + stepAt(turn, 3).place;
  deepEqual([0, 1, 3].map(words), ["Before the first answer", "After answer 1 of 3", "After answer 3 of 3"]);
});

test("the film stays at its ends", () => {
  deepEqual([-1, 0, 2, 3, 4].map((turn) => stepAt(turn, 3).step), [0, 0, 2, 3, 3]);
});

test("buttons that lead no further are off", () => {
  deepEqual(stepAt(0, 2).off, { first: true, back: true, next: false });
  deepEqual(stepAt(1, 2).off, { first: false, back: false, next: false });
  deepEqual(stepAt(2, 2).off, { first: false, back: false, next: true });
});

test("what comes after a step has not been said yet", () => {
  deepEqual(unsaidAt(ROWS, 1).unsaid, [false, false, false, true, true, true]);
  deepEqual(unsaidAt(ROWS, 2).unsaid, [false, false, false, false, false, true]);
  deepEqual(unsaidAt(ROWS, 3).unsaid, ROWS.map(() => false));
});

test("before the first answer nothing has been said, and without a film everything", () => {
  deepEqual(unsaidAt(ROWS, 0).unsaid, ROWS.map(() => true));
  deepEqual(unsaidAt(ROWS, null).unsaid, ROWS.map(() => false));
});

test("the dialogue goes to the question of the step, before the first answer to the first one", () => {
  deepEqual([0, 1, 2, 3].map((step) => unsaidAt(ROWS, step).here), [0, 0, 3, 5]);
  equal(unsaidAt(ROWS, null).here, -1);
  equal(unsaidAt([], 1).here, -1);
});

test("the arrow keys step to either side", () => {
  deepEqual(FILM_KEYS, { ArrowLeft: "back", ArrowRight: "next" });
});
