import { deepEqual, equal, ok } from "node:assert/strict";
import * as joint from "../../../demo/ui/compare/joint.js";

const { test } = Deno;
const FRAME = { pane: [400, 300], picture: [800, 400] };
const near = (a, b, slack = 1e-9) => ok(Math.abs(a - b) <= slack, `${a} is not ${b}`);

/** Where a point of the picture (0 to 1) lies in a pane. */
function at(view, [u, v], frame = FRAME) {
  const { left, top, width, height } = joint.placeOf(view, frame);
  return [left + u * width, top + v * height];
}

test("the whole picture lies in the middle of its pane", () => {
  deepEqual(joint.placeOf(joint.WHOLE, FRAME), { left: 0, top: 50, width: 400, height: 200 });
  deepEqual(joint.placeOf(joint.WHOLE, { pane: [400, 300], picture: [10, 10] }), {
    left: 160,
    top: 110,
    width: 80,
    height: 80,
  });
});

for (const place of [[200, 150], [120, 170], [399, 120], [1, 180]]) {
  test(`what lies at ${place} stays there when it is enlarged, and on the way back`, () => {
    const before = joint.under(joint.WHOLE, FRAME, place);
    const larger = joint.zoomed(joint.WHOLE, 4, FRAME, place);
    equal(larger.zoom, 4);
    const after = joint.under(larger, FRAME, place);
    near(before[0], after[0]);
    near(before[1], after[1]);
    deepEqual(joint.zoomed(larger, 1 / 4, FRAME, place), joint.WHOLE);
  });
}

test("nothing beside the picture is seen where there is enough of it", () => {
  const larger = joint.zoomed(joint.WHOLE, 3, FRAME);
  for (const way of [[9999, 9999], [-9999, -9999], [9999, -9999]]) {
    const { left, top, width, height } = joint.placeOf(joint.moved(larger, way, FRAME), FRAME);
    ok(left <= 1e-9 && left + width >= 400 - 1e-9);
    ok(top <= 1e-9 && top + height >= 300 - 1e-9);
  }
  deepEqual(joint.moved(joint.WHOLE, [50, 50], FRAME), joint.WHOLE);
  const wide = joint.zoomed(joint.WHOLE, 1.25, FRAME); // its height is seen whole
  equal(joint.moved(wide, [0, 40], FRAME).y, 0.5);
});

test("a push moves the picture by as many pixels", () => {
  const larger = joint.zoomed(joint.WHOLE, 4, FRAME);
  const [before, after] = [at(larger, [0.5, 0.5]), at(joint.moved(larger, [30, -20], FRAME), [0.5, 0.5])];
  near(after[0] - before[0], 30);
  near(after[1] - before[1], -20);
});

test("two fingers keep what is between them between them", () => {
  const larger = joint.zoomed(joint.WHOLE, 2, FRAME);
  const [before, now] = [[[150, 150], [250, 150]], [[100, 160], [300, 160]]];
  const pinched = joint.pinched(larger, before, now, FRAME);
  equal(pinched.zoom, 4);
  const [held, there] = [joint.under(larger, FRAME, [200, 150]), joint.under(pinched, FRAME, [200, 160])];
  near(held[0], there[0]);
  near(held[1], there[1]);
  const still = joint.pinched(larger, [[200, 150], [200, 150]], [[200, 150], [200, 150]], FRAME);
  ok(Number.isFinite(still.zoom) && Number.isFinite(still.x));
});

test("there is an end to enlarging, and to making smaller", () => {
  let view = joint.WHOLE;
  for (let i = 0; i < 99; i += 1) view = joint.zoomed(view, 2, FRAME);
  const { width } = joint.placeOf(view, FRAME);
  equal(width / FRAME.picture[0], 8);
  for (let i = 0; i < 99; i += 1) view = joint.zoomed(view, 0.5, FRAME);
  ok(view.zoom <= 1 && view.zoom > 0);
});

test("one view shows the same part in panes of other sizes", () => {
  const view = joint.zoomed(joint.WHOLE, 3, FRAME, [100, 100]);
  const small = { pane: [200, 150], picture: FRAME.picture };
  const [one, other] = [joint.under(view, FRAME, [100, 75]), joint.under(view, small, [50, 37.5])];
  near(one[0], other[0]);
  near(one[1], other[1]);
});
