import { equal, match } from "node:assert/strict";
import { areNames, tooMuch } from "../../../demo/ui/gallery/file_rules.js";

const { test } = Deno;

/** @param {string[]} names */
function files(...names) {
  return names.map((name) => new File(["x"], name));
}

/** @param {number[]} sizes */
function ofSize(...sizes) {
  return /** @type {File[]} */ (sizes.map((size) => ({ size })));
}

test("a few files are not too much, and one large one is for the server to judge", () => {
  for (const some of [ofSize(), ofSize(1), ofSize(9e9), ofSize(5e7, 5e7), ofSize(...Array(8).fill(1))]) {
    equal(tooMuch(some), "");
  }
});

test("many files, and several large ones, are said to be too much", () => {
  match(tooMuch(ofSize(...Array(30).fill(1))), /^These are 30 files\. At most 8 /);
  match(tooMuch(ofSize(5e7, 5e7, 1)), /^These 3 files are larger than 100 MB together\./);
});

for (
  const text of [
    "a.png",
    "a.png\nb c.png",
    "/home/ann/a.png\r\n/home/ann/b c.png\r\n",
    "file:///home/ann/a.png\nfile:///home/ann/b%20c.png",
    '"C:\\Users\\ann\\b c.png"',
    "file:///Strand%C3%A4.png",
    "Stranda\u0308.png",
    "100%.png",
  ]
) {
  test(`${JSON.stringify(text)} only names copied files`, () => {
    equal(areNames(text, files("a.png", "b c.png", "Strandä.png", "100%.png")), true);
  });
}

for (const text of ["the dog", "a.png is good", "see a.png\nb.png", "file:///a%png", "https://host/c.png"]) {
  test(`${JSON.stringify(text)} says more than names`, () => {
    equal(areNames(text, files("a.png", "b c.png")), false);
  });
}
