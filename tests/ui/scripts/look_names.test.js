import { equal } from "node:assert/strict";
import { namesByBox } from "../../../demo/ui/chat/look_names.js";

const { test } = Deno;

test("a part is called by the first region that has an object there", () => {
  const names = namesByBox([
    { id: "R1", objects: [{ box: [1, 2, 3, 4] }, { box: [5, 6, 7, 8] }] },
    { id: "R2", objects: [{ box: [5, 6, 7, 8] }] },
    { id: "R3", objects: [{ box: [1, 23, 4, 5] }] },
  ]);
  equal(names.get("5,6,7,8"), "R1");
  equal(names.get("1,23,4,5"), "R3");
  equal(names.get("12,3,4,5"), undefined);
  equal(names.size, 3);
});

test("each object is gone through once", () => {
  let read = 0;
  const object = {
    get box() {
      read += 1;
      return [0, 0, 5, 5];
    },
  };
  namesByBox(Array.from({ length: 20 }, (_, n) => ({ id: `R${n + 1}`, objects: [object] })));
  equal(read, 20);
});
