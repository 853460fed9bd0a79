import { deepEqual, equal } from "node:assert/strict";
import * as outline from "../../../demo/ui/canvas/outline.js";

const { test } = Deno;

test("the corners are those of the largest part, without those on a line", () => {
  const path = "M1 1h1v1h-1ZM20 20 20 55 20 90 120 90 120 20ZM40 40 50 40 50 50Z";
  deepEqual(outline.cornersOf(path, 1), [[20, 20], [20, 90], [120, 90], [120, 20]]);
  deepEqual(outline.cornersOf("", 1), []);
});

test("a stroke of many points becomes one of few that goes the same way", () => {
  const circle = Array.from({ length: 9000 }, (_, i) => [200 + 90 * Math.cos(i / 1432), 200 + 90 * Math.sin(i / 1432)]);
  const few = outline.fewer(circle, 0.5);
  equal(few.length < 60 && few.length > 12, true);
  deepEqual([few[0], few.at(-1)], [circle[0], circle.at(-1)]);
  const jagged = Array.from({ length: 20000 }, (_, i) => [i, 100 * (i % 2)]);
  equal(outline.fewer(jagged, 0.5).length <= outline.MAX_POINTS, true);
});

test("one point and two stay as they are", () => {
  deepEqual(outline.fewer([[3, 4]], 1), [[3, 4]]);
  deepEqual(outline.fewer([[3, 4], [5, 6]], 1), [[3, 4], [5, 6]]);
});

test("a corner is taken near it", () => {
  const corners = [[0, 0], [100, 0], [100, 50]];
  equal(outline.pointNear(corners, [97, 4], 6), 1);
  equal(outline.pointNear(corners, [50, 25], 6), -1);
  equal(outline.pointNear([], [0, 0], 6), -1);
});
