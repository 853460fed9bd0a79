import { deepEqual, equal } from "node:assert/strict";
import {
  asWritten,
  clickMeans,
  clickSays,
  fileStem,
  isBrand,
  mentions,
  namesIn,
  spaced,
} from "../../../demo/ui/shared/names.js";

const { test } = Deno;
const ONE = { id: "R1", objects: [{ id: "R1.1" }] };
const TWO = { id: "R2", objects: [{ id: "R2.1" }, { id: "R2.2" }] };

test("names are found in any letter case, and where they stand", () => {
  deepEqual(mentions("left of r2 and @R1.2?"), [
    { name: "R2", start: 8, end: 10 },
    { name: "R1.2", start: 15, end: 20 },
  ]);
});

test("what is quoted, and what is part of a word, is no name", () => {
  deepEqual(mentions('the sign "R2" or “R3”, XR4, R5x, 1.R6'), []);
});

test("names in other letters and digits stand where the text has them", () => {
  deepEqual(mentions("🐶Ｒ１左, e\u0301 R٢ R1️⃣"), [
    { name: "R1", start: 2, end: 4 },
    { name: "R2", start: 10, end: 12 },
    { name: "R1", start: 13, end: 17 },
  ]);
  deepEqual(["＠ｒ２", "R2.1", "it"].map(asWritten), ["R2", "R2.1", "IT"]);
});

test("what the server has read counts where it still stands", () => {
  const read = [
    { name: "R1", start: 8, end: 13, words: "box 1" },
    { name: "R2", start: 18, end: 20, words: "R2" },
    { name: "R3", start: 21, end: 26, words: "box 3" },
  ];
  deepEqual(mentions("left of box 1 and R2 box 4", read).map(({ name, start }) => [name, start]), [
    ["R1", 8],
    ["R2", 18],
  ]);
  deepEqual([...namesIn("left of box 1", read)], ["R1"]);
});

test("each name counts once", () => {
  deepEqual([...namesIn("R1, r1 and R2")], ["R1", "R2"]);
});

test("a model's number beside a capitalised word is no region that is missing", () => {
  const at = (text) => isBrand(text, mentions(text)[0]);
  deepEqual(["an Audi R8 here", "the R34 Skyline", "R8 is it", "find R1200", "In R8"].map(at), [
    true,
    true,
    false,
    true,
    false,
  ]);
});

test("a click cites, narrows to the object, and takes it out", () => {
  const click = (region, object, ...named) => clickMeans(region, object, false, new Set(named));
  deepEqual(click(ONE, "R1.1"), { name: null, other: "R1" });
  deepEqual(click(ONE, "R1.1", "R1"), { name: "R1", other: null });
  deepEqual(click(TWO, "R2.2"), { name: null, other: "R2" });
  deepEqual(click(TWO, "R2.2", "R2"), { name: "R2", other: "R2.2" });
  deepEqual(click(TWO, "R2.2", "R2.2"), { name: "R2.2", other: null });
  deepEqual(click(TWO, "R2.2", "R2.1"), { name: null, other: "R2.2" });
  deepEqual(clickMeans(TWO, "R2.1", true, new Set()), { name: null, other: "R2.1" });
});

test("the tip says what a click does", () => {
  equal(clickSays(TWO, "R2.1", new Set()), "Click to cite R2");
  equal(clickSays(TWO, "R2.1", new Set(["R2"])), "Click to cite R2.1 alone");
  equal(clickSays(ONE, "R1.1", new Set(["R1"])), "Click to take R1 out of the question");
});

test("a name is put between words with the spaces that it needs", () => {
  equal(spaced("what is left of", "R1", "?"), " R1");
  equal(spaced("find ", "R1", ""), "R1 ");
  equal(spaced("(", "R1", " now"), "R1");
  equal(spaced("找到", "R1", ""), "R1");
  equal(spaced("「", "R1", "」の左"), "R1");
  equal(spaced("find ", "R1", "の左"), "R1");
});

test("a file's name is one that every system takes", () => {
  deepEqual(["a b/ü.png", "", "...", "x".repeat(99)].map(fileStem), ["a-b-ü", "picture", "..", "x".repeat(60)]);
});
