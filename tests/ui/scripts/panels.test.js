import { deepEqual, equal } from "node:assert/strict";
import { fitting, STARTED } from "../../../demo/ui/composer/offer_fitting.js";
import { coursePath } from "../../../demo/ui/sheet/course.js";

const { test } = Deno;
const REGIONS = [
  { id: "R12", title: "A small dog", objects: [{ id: "R12.1" }] },
  { id: "R2", title: "The dog’s ball", objects: [{ id: "R2.1" }, { id: "R2.2" }] },
  { id: "R1", title: "Ball", objects: [{ id: "R1.1" }] },
];
const FRAME = { width: 100, height: 50, rim: 5 };

test("a name begins with R, or with @ and a word", () => {
  const started = (text) => text.match(STARTED)?.[1];
  deepEqual(["find R", "left of r2", "what is r", "the @do", "CAR", "(R1."].map(started), [
    "R",
    "r2",
    undefined,
    "@do",
    undefined,
    "R1.",
  ]);
});

test("numbers fit from their beginning, with the parts of a region of several", () => {
  deepEqual(fitting("R1", REGIONS), ["R12", "R1"]);
  deepEqual(fitting("R2", REGIONS), ["R2", "R2.1", "R2.2"]);
  deepEqual(fitting("r2.2", REGIONS), ["R2.2"]);
  deepEqual(fitting("@", REGIONS), ["R12", "R2", "R1"]);
});

test("words fit the beginnings of words, all of them", () => {
  deepEqual(fitting("@dog", REGIONS), ["R12", "R2"]);
  deepEqual(fitting("@ball do", REGIONS), ["R2"]);
  deepEqual(fitting("@all", REGIONS), []);
});

test("a course is broken where an answer has no score", () => {
  const { d, alone, here } = coursePath([0, 1, null, 0.5], 2, FRAME);
  equal(d, "M5.0 45.0L35.0 5.0M95.0 25.0");
  deepEqual(alone, [[95, 25]]);
  deepEqual(here, [35, 5]);
});

test("an answer without a score has no point on the course", () => {
  equal(coursePath([0, null], 2, FRAME).here, false);
});
