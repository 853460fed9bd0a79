import { deepEqual, equal } from "node:assert/strict";
import * as canvas from "../../../demo/ui/canvas/state.js";
import { createStore } from "../../../demo/ui/shared/store.js";
import { onAnswer } from "../../../demo/ui/shared/answers.js";

const { test } = Deno;

function region(id, objects = 1, hidden = false) {
  return {
    id,
    hidden,
    objects: Array.from({ length: objects }, (_, i) => ({ id: `${id}.${i + 1}`, mask: `mask of ${id}` })),
  };
}

function show(...regions) {
  canvas.change({ scene: { ...canvas.state.scene, regions } });
}

test("who listens hears of another value, not of the same one, in the order of listening", () => {
  const { state, change, onChange } = createStore({ one: 1, two: 2 });
  const heard = [];
  onChange(["one"], () => heard.push(["first", state.one]));
  onChange(["one", "two"], () => heard.push(["second", state.one]));
  change({ one: 5 });
  change({ one: 5 });
  change({ one: 6, two: 3 });
  deepEqual(heard, [["first", 5], ["second", 5], ["first", 6], ["second", 6]]);
});

test("what listens may change the state again", () => {
  const { state, change, onChange } = createStore({ held: null, plus: false });
  onChange(["held"], () => state.held || change({ plus: true }));
  change({ held: "R1.1" });
  change({ held: null });
  deepEqual({ ...state }, { held: null, plus: true });
});

test("names lead to their region, and those of no region to nothing", () => {
  show(region("R1"), region("R2", 2));
  equal(canvas.regionOf("R2.2").id, "R2");
  deepEqual(["R1", "R2.2", "R2.3", "R3", "R1.2"].map(canvas.exists), [true, true, false, false, false]);
  equal(canvas.regionOf(undefined), null);
});

test("hidden regions are not shown", () => {
  show(region("R1", 1, true), region("R2", 2));
  deepEqual(canvas.shownObjects().map(({ object }) => object.id), ["R2.1", "R2.2"]);
});

test("a new region is one with a higher number than there was", () => {
  show(region("R2"), region("R10"));
  equal(canvas.newestNumber(), 10);
  equal(canvas.newRegion(10), null);
  equal(canvas.newRegion(9).id, "R10");
});

test("an outline is there once it has come", () => {
  canvas.outlines.set("mask of R1", "M0 0");
  equal(canvas.outlinePath({ mask: "mask of R1" }), "M0 0");
  equal(canvas.outlinePath({ mask: "another" }), null);
  equal(canvas.outlinePath({ mask: null }), null);
});

test("what is in hand is the object that is held, else the one that is being made", () => {
  equal(canvas.inHand(), null);
  canvas.change({ making: { object: null } });
  equal(canvas.inHand(), null);
  canvas.change({ making: { object: "R3.1" } });
  equal(canvas.inHand(), "R3.1");
  canvas.change({ held: "R1.1" });
  equal(canvas.inHand(), "R1.1");
});

test("an answer is a value with a number that was not there before", () => {
  let changed;
  const props = { value: null };
  const answers = [];
  onAnswer({ props, watch: (_, run) => (changed = run) }, (value) => answers.push(value.serial));
  for (const value of [{ serial: 3 }, { serial: 3, busy: "" }, { busy: "Looking…" }, null, { serial: 4 }]) {
    props.value = value;
    changed();
  }
  deepEqual(answers, [3, 4]);
});

test("an answer that is there already is one", () => {
  const answers = [];
  onAnswer({ props: { value: { serial: 1 } }, watch: () => {} }, (value) => answers.push(value.serial));
  deepEqual(answers, [1]);
});
