import { deepEqual, equal } from "node:assert/strict";
import { freePlace, placeLabels, placePointed } from "../../../demo/ui/canvas/placement.js";

const { test } = Deno;
const ROOM = [400, 300];

function label(box, short = 30, full = 30) {
  const middle = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  return { box, middle, short, full, taken: null };
}

function overlap([x1, y1, w1], [x2, y2, w2]) {
  return x1 < x2 + w2 && x2 < x1 + w1 && y1 < y2 + 21 && y2 < y1 + 21;
}

test("a label stands above its box where there is room, else below, else inside", () => {
  deepEqual(freePlace(label([50, 100, 150, 200]), 30, ROOM, [], false), [50, 76, 30]);
  deepEqual(freePlace(label([50, 10, 150, 200]), 30, ROOM, [], false), [50, 203, 30]);
  deepEqual(freePlace(label([0, 0, 400, 300]), 30, ROOM, [], false), [3, 3, 30]);
});

test("a label is pushed into the picture sideways, but not over its box", () => {
  deepEqual(freePlace(label([390, 100, 400, 200]), 60, ROOM, [], false), [340, 76, 60]);
});

test("two labels never cover each other", () => {
  const labels = [label([50, 100, 150, 200]), label([52, 102, 152, 202]), label([48, 98, 148, 198])];
  placeLabels(labels, ROOM);
  const places = labels.map(({ taken }) => taken);
  for (const [i, one] of places.entries()) {
    for (const other of places.slice(i + 1)) equal(overlap(one, other), false);
  }
});

test("a label for which there is no room has none, and gets one while it is pointed at", () => {
  const labels = Array.from({ length: 30 }, () => label([5, 5, 60, 60], 50));
  placeLabels(labels, [65, 65]);
  const crowded = labels.find(({ taken }) => taken === null);
  equal(labels[0].taken !== null, true);
  equal(placePointed(crowded, [65, 65]).length, 3);
});

test("every name has its place before any has more words", () => {
  const [first, second] = [label([100, 100, 130, 130], 30, 190), label([140, 100, 170, 130], 30, 190)];
  placeLabels([first, second], ROOM);
  equal(overlap(first.taken, second.taken), false);
  deepEqual([first.taken[2], second.taken[2] >= 30], [190, true]);
});

test("words do not cover the middle of another object", () => {
  const [wordy, small] = [label([100, 100, 130, 130], 30, 150), label([170, 82, 190, 92], 20)];
  placeLabels([wordy, small], ROOM);
  const [x, y, w] = wordy.taken;
  const [a, b] = small.middle;
  equal(a > x && a < x + w && b > y && b < y + 21, false);
});

test("a label lies beside a small thing, however little room there is above and below it", () => {
  for (const box of [[180, 2, 220, 298], [2, 140, 398, 160], [190, 140, 210, 160]]) {
    const [x, y, w] = freePlace(label(box, 60), 60, ROOM, [label(box, 60)], true);
    const [x1, y1, x2, y2] = box;
    equal(x + w <= x1 || x >= x2 || y + 21 <= y1 || y >= y2, true);
  }
});

test("labels of the same thing stand round it, in a second row too, and not on it", () => {
  const box = [150, 120, 210, 180];
  const labels = Array.from({ length: 8 }, () => label(box));
  placeLabels(labels, ROOM);
  for (const { taken: [x, y, w] } of labels) {
    equal(x + w <= box[0] || x >= box[2] || y + 21 <= box[1] || y >= box[3], true);
  }
});

test("the label of a large thing makes way for that of a small one", () => {
  const [large, small] = [label([100, 100, 300, 280], 60), label([100, 85, 130, 97], 60)];
  placeLabels([large, small], ROOM);
  equal(small.taken[1] + 21 <= 85, true);
  const [x, y, w] = large.taken;
  equal(x < 130 && x + w > 100 && y < 97 && y + 21 > 85, false);
});

test("where nothing else is left a label hides no more than a third of what it names", () => {
  const filled = label([5, 5, 60, 60], 50);
  placeLabels([filled], [65, 65]);
  equal(filled.taken !== null, true);
  const small = label([5, 5, 30, 30], 30);
  placeLabels([small], [35, 35]);
  equal(small.taken, null);
});
