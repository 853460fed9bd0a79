import { equal } from "node:assert/strict";
import { directionOf, runsFromRight } from "../../../demo/ui/shared/direction.js";

const { test } = Deno;

const FROM_RIGHT = [
  "الكلب على يسار R1",
  "R1 שמאלה מ-R2",
  "R2, R1.2: ما هذا؟",
  "سگ سمت چپ R1",
  "R1 کے بائیں طرف کتا",
  "٣ كلاب",
  "(R1) הכלב",
  "R١: أين الكلب؟",
  "ܟܠܒܐ R1",
  "R1 ދިވެހި",
];
const FROM_LEFT = [
  "",
  "R1",
  "R1 and R2",
  "the dog left of R1",
  "the sign “שלום”",
  "1, 2, 3",
  "R1左边的狗",
  "собака R1",
];

test("a text runs as its first letter does, names aside", () => {
  for (const text of FROM_RIGHT) equal(runsFromRight(text), true, text);
  for (const text of FROM_LEFT) equal(runsFromRight(text), false, text);
});

test("the browser chooses, unless a name leads it astray", () => {
  equal(directionOf("الكلب R1"), "auto");
  equal(directionOf("R1 שמאלה"), "rtl");
  equal(directionOf("R1 and R2"), "auto");
});
