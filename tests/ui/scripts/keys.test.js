import { deepEqual, equal } from "node:assert/strict";
import * as tables from "../../../demo/ui/canvas/key_tables.js";
import { FILM_KEYS } from "../../../demo/ui/canvas/film_steps.js";

const { test } = Deno;
const { ARROWS, FOLDER_KEYS, KEYS_IN_WORDS, PAGE_KEYS, RANK_KEYS, REGION_STEPS, SHAPE_KEYS, TOOL_KEYS, ZOOM_KEYS } =
  tables;
const SINGLE = [TOOL_KEYS, ZOOM_KEYS, PAGE_KEYS, RANK_KEYS, SHAPE_KEYS, FOLDER_KEYS].flatMap(Object.keys);
const TEMPLATE = Deno.readTextFileSync(new URL("../../../demo/ui/canvas/canvas.html", import.meta.url));

function inWords() {
  const keys = KEYS_IN_WORDS.flatMap(([, rows]) => rows.flatMap(([keys]) => keys.split(" ")));
  return new Set(keys.filter((key) => key.length === 1 && !"←↑↓→".includes(key)).map((key) => key.toLowerCase()));
}

/** By the key that a button says it has: what the button does. */
function buttons(attribute) {
  const button = new RegExp(`<button [^>]*${attribute}="(\\w+)"[^>]* aria-keyshortcuts="(.)"`, "g");
  return Object.fromEntries([...TEMPLATE.matchAll(button)].map(([, name, key]) => [key.toLowerCase(), name]));
}

test("no key means two things", () => {
  equal(new Set(SINGLE).size, SINGLE.length);
  deepEqual(SINGLE.filter((key) => key !== key.toLowerCase() || key.length !== 1), []);
});

test("the sheet of keys has every single key, and none that does nothing", () => {
  const other = new Set(["=", "-", "z"]); // written + and −; Ctrl Z is not a single key
  deepEqual(inWords().difference(other), new Set(SINGLE).difference(other));
});

test("buttons say the keys that do the same", () => {
  deepEqual(buttons("data-tool"), TOOL_KEYS);
  deepEqual({ ...ZOOM_KEYS, ...buttons("data-zoom") }, ZOOM_KEYS);
  deepEqual(new Set(Object.values(buttons("data-zoom"))), new Set(Object.values(ZOOM_KEYS)));
});

test("opposite arrows undo each other", () => {
  for (const [one, other] of [["ArrowLeft", "ArrowRight"], ["ArrowUp", "ArrowDown"]]) {
    deepEqual(ARROWS[one].map((step, i) => step + ARROWS[other][i]), [0, 0]);
    equal(REGION_STEPS[one] + REGION_STEPS[other], 0);
  }
  equal(new Set(Object.values(ARROWS).map(String)).size, 4);
});

test("right and down lead on: across and down the picture, among the regions, in the film", () => {
  deepEqual([ARROWS.ArrowRight, ARROWS.ArrowDown], [[1, 0], [0, 1]]);
  deepEqual([REGION_STEPS.ArrowRight, REGION_STEPS.ArrowDown], [1, 1]);
  equal(FILM_KEYS.ArrowRight, "next");
});

test("Ctrl or ⌘ with Z goes a step back, with Shift on, and so does Ctrl Y, whatever letters there are", () => {
  const none = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
  const [ctrl, meta, shift, alt] = Object.keys(none).map((name) => ({ [name]: true }));
  const step = (key, code, ...held) => tables.stepOf(Object.assign({ key, code }, none, ...held));
  const cases = [
    ["undo", "z", "KeyZ", ctrl],
    ["undo", "z", "KeyZ", meta],
    ["undo", "Z", "KeyZ", ctrl], // Caps Lock
    ["undo", "z", "KeyY", ctrl], // QWERTZ
    ["undo", "z", "KeyW", ctrl], // AZERTY
    ["undo", "я", "KeyZ", ctrl],
    ["undo", "ζ", "KeyZ", meta],
    ["redo", "Z", "KeyZ", ctrl, shift],
    ["redo", "z", "KeyZ", meta, shift], // Caps Lock
    ["redo", "Я", "KeyZ", ctrl, shift],
    ["redo", "y", "KeyY", ctrl],
    ["redo", "y", "KeyZ", ctrl],
    ["redo", "н", "KeyY", ctrl],
    [null, "y", "KeyY", meta], // the browser's history
    [null, "Y", "KeyY", ctrl, shift],
    [null, "z", "KeyZ"],
    [null, "Z", "KeyZ", shift],
    [null, "z", "KeyZ", ctrl, alt],
    [null, "ż", "KeyZ", ctrl, alt],
    [null, ";", "KeyZ", ctrl], // Dvorak
    [null, "ö", "KeyZ", ctrl],
    [null, "Control", "ControlLeft", ctrl],
    [null, "Process", "KeyZ", ctrl],
  ];
  for (const [expected, ...pressed] of cases) equal(step(...pressed), expected, JSON.stringify(pressed));
});
