import { deepEqual, equal } from "node:assert/strict";
import * as geometry from "../../../demo/ui/canvas/geometry.js";

const { test } = Deno;
const SIZE = [400, 300];

test("a box between two places has whole pixels, at least one, inside the picture", () => {
  deepEqual(geometry.boxBetween([10.4, 20.6], [30.2, 5.1], SIZE), [10, 5, 30, 21]);
  deepEqual(geometry.boxBetween([50, 50], [50, 50], SIZE), [50, 50, 51, 51]);
  deepEqual(geometry.boxBetween([-20, -20], [999, 999], SIZE), [0, 0, 400, 300]);
  deepEqual(geometry.boxBetween([450, 350], [500, 400], SIZE), [399, 299, 400, 300]);
});

test("a shifted box keeps its size and stays in the picture", () => {
  deepEqual(geometry.shifted([10, 10, 60, 40], 5.4, -3.6, SIZE), [15, 6, 65, 36]);
  deepEqual(geometry.shifted([10, 10, 60, 40], -99, 999, SIZE), [0, 270, 50, 300]);
});

test("a box that is dragged beyond its other side turns over", () => {
  deepEqual(geometry.resized([10, 10, 60, 40], [1, 1], 5, 5, SIZE), [10, 10, 65, 45]);
  deepEqual(geometry.resized([10, 10, 60, 40], [1, 0], -80, 99, SIZE), [0, 10, 10, 40]);
  deepEqual(geometry.resized([10, 10, 60, 40], [0, -1], 99, 50, SIZE), [10, 40, 60, 60]);
});

test("a small box has handles at its corners only", () => {
  const corners = geometry.gripsOf([0, 0, 40, 40], 1);
  deepEqual(corners.map(({ at }) => at), [[0, 0], [40, 0], [40, 40], [0, 40]]);
  equal(geometry.gripsOf([0, 0, 40, 40], 2).length, 8);
  deepEqual(geometry.gripsOf([0, 0, 50, 20], 1).slice(4).map(({ way }) => way), [[0, -1], [0, 1]]);
});

test("a handle is taken near it, and in a small box the middle stays free", () => {
  deepEqual(geometry.gripNear([0, 0, 100, 100], [97, 4], 1, 10).way, [1, -1]);
  equal(geometry.gripNear([0, 0, 100, 100], [80, 20], 1, 10), null);
  equal(geometry.gripNear([0, 0, 12, 12], [6, 6], 1, 10), null);
  deepEqual(geometry.gripNear([0, 0, 12, 12], [-5, -5], 1, 10).way, [-1, -1]);
});

test("the pointer says which way a handle pulls", () => {
  deepEqual([[-1, -1], [1, 1], [1, -1], [-1, 1], [0, 1], [1, 0]].map(geometry.cursorOf), [
    "nwse-resize",
    "nwse-resize",
    "nesw-resize",
    "nesw-resize",
    "ns-resize",
    "ew-resize",
  ]);
});

test("the last pixel of a box is in it, the one behind it is not", () => {
  equal(geometry.within([10, 10, 20, 20], [10, 10]), true);
  equal(geometry.within([10, 10, 20, 20], [20, 10]), false);
  equal(geometry.within([10, 10, 20, 20], [22, 10], 3), true);
});

test("boxes are alike when no side is off by more than three hundredths", () => {
  equal(geometry.alike([3, 0, 100, 97], [0, 0, 100, 100]), true);
  equal(geometry.alike([4, 0, 100, 100], [0, 0, 100, 100]), false);
});

test("a crop has a rim as far as the picture goes", () => {
  deepEqual(geometry.around([[10, 40, 20, 50], [5, 45, 15, 60]]), [5, 40, 20, 60]);
  deepEqual(geometry.cropFrame([[100, 100, 200, 150]], SIZE), [88, 88, 124, 74]);
  deepEqual(geometry.cropFrame([[0, 0, 400, 300]], SIZE), [0, 0, 400, 300]);
});

test("zoom goes from the smaller of whole and 1:1 to pixels that can be counted", () => {
  deepEqual(geometry.zoomLimits(0.5), [1, 16]);
  deepEqual(geometry.zoomLimits(4), [0.25, 4]);
});

test("something is placed beside a box, inside the room, and over as little of it as can be", () => {
  const place = (box) => geometry.placeBeside(box, [100, 50], [400, 300], 8);
  deepEqual(place([50, 50, 150, 150]), [50, 158]); // below
  deepEqual(place([50, 200, 150, 290]), [50, 142]); // above, where there is no room below
  deepEqual(place([0, 0, 100, 300]), [108, 0]); // right
  deepEqual(place([300, 0, 400, 300]), [192, 0]); // left
  deepEqual(place([350, 10, 400, 60]), [300, 68]); // as far to the side as the room goes
  const [x, y] = place([0, 0, 400, 300]); // the box is everything
  deepEqual([x >= 0 && x <= 300, y >= 0 && y <= 250], [true, true]);
});
