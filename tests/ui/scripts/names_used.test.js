import { deepEqual, equal } from "node:assert/strict";
import * as names from "../../../demo/ui/canvas/names_used.js";

const { test } = Deno;

function fresh(...used) {
  names.forgetNames();
  names.noteNames(used);
}

test("names keep the place of their first use", () => {
  fresh("dog", "cat", "dog", " ", "red  ball\n");
  names.noteLast("cat");
  names.noteNames(["dog", "kite"]);
  deepEqual(names.namesFor(""), ["dog", "cat", "red ball", "kite"]);
  equal(names.lastName(), "cat");
});

test("typing filters, whatever the letters' case and accents; beginnings come first", () => {
  fresh("wild cat", "Cat", "Élan", "dog", "猫");
  deepEqual(names.namesFor("CA"), ["Cat", "wild cat"]);
  deepEqual(names.namesFor("ela"), ["Élan"]);
  deepEqual(names.namesFor("猫"), ["猫"]);
  deepEqual(names.namesFor("bird"), []);
});

test("a name is one line of at most 40 letters, none of them halved", () => {
  equal(names.tidy("  the\n red \t block "), "the red block");
  equal(names.tidy("🐕".repeat(50)), "🐕".repeat(40));
  equal(names.tidy("a".repeat(39) + " b"), "a".repeat(39));
});

test("however many names there are, only so many are kept", () => {
  fresh(...Array.from({ length: 999 }, (_, i) => `thing ${i}`));
  equal(names.namesFor("").length, 200);
});
