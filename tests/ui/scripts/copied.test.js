import { deepEqual, equal } from "node:assert/strict";
import * as copied from "../../../demo/ui/canvas/copied.js";

const { test } = Deno;

test("what is copied is readable, and read again", () => {
  const regions = [
    { id: "R1", title: "red dog [old]", objects: [{ box: [1, 2, 30, 40] }, { box: [50, 2, 60, 40] }] },
    { id: "R7", title: "", objects: [{ box: [0, 0, 5, 5] }] },
  ];
  const text = copied.textOf(regions);
  equal(text, "red dog [old] [1, 2, 30, 40]\nred dog [old] [50, 2, 60, 40]\nR7 [0, 0, 5, 5]");
  deepEqual(copied.shapesIn(text).map(({ label, boxes }) => [label, ...boxes]), [
    ["red dog [old]", [1, 2, 30, 40]],
    ["red dog [old]", [50, 2, 60, 40]],
    ["", [0, 0, 5, 5]],
  ]);
});

test("other texts are not regions", () => {
  for (
    const text of ["", " \n", "hello", "a [1, 2, 3]", "dog [1, 2, 3, 4]\nand more", "[1, 2, 3, 1e9]", "[1.5, 2, 3, 4]"]
  ) {
    equal(copied.shapesIn(text), null, text);
  }
  deepEqual(copied.shapesIn("[1,2 , 3,4]\r\n\r\n 猫 [ 5, 6, 7, 8 ] "), [
    { label: "", boxes: [[1, 2, 3, 4]] },
    { label: "猫", boxes: [[5, 6, 7, 8]] },
  ]);
});

test("however long a text is, only so many regions come of it", () => {
  equal(copied.shapesIn("a [1, 2, 3, 4]\n".repeat(99999)).length, copied.MAX_COPIED);
});

test("on another picture they have the same place, inside it and not empty", () => {
  const shapes = [{ label: "dog", boxes: [[10, 20, 100, 150], [399, 299, 400, 300]] }];
  const moved = copied.onPicture(shapes, [400, 300], [200, 600]);
  deepEqual(moved, [{ label: "dog", boxes: [[5, 40, 50, 300], [199, 598, 200, 600]] }]);
  deepEqual(copied.onPicture([{ label: "", boxes: [[-5, 900, 9999, 990]] }], [400, 300], [400, 300])[0].boxes, [
    [0, 299, 400, 300],
  ]);
});

test("copies lie beside what they are of, where there is room", () => {
  deepEqual(copied.aside([[10, 10, 50, 50]], [400, 300]), [10, 10]);
  deepEqual(copied.aside([[10, 10, 50, 50], [300, 200, 395, 295]], [400, 300]), [-10, -10]);
  deepEqual(copied.aside([[0, 200, 400, 299]], [400, 300]), [0, -10]);
});
