// Which key does what at the canvas, and the same in words; whoever listens to keys looks here.

/** Steps across and down. */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Steps from region to region. */
export const REGION_STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
export const TOOL_KEYS = { v: "select", b: "box", p: "point", c: "correct" };
export const ZOOM_KEYS = { "+": "in", "=": "in", "-": "out", "−": "out", 0: "fit", 1: "full" };
/** Tools without a button in the bar; the eraser is a brush that takes away. */
export const SHAPE_KEYS = { g: "polygon", m: "brush", e: "eraser" };
/** Which way through the order of regions. */
export const RANK_KEYS = { "[": -1, "]": 1 };
/** Keys that work anywhere: what they do on the page, or which way to look they begin and end. */
export const PAGE_KEYS = { "/": "write", "?": "keys", h: "hide", f: "only", x: "compare", t: "film", k: "closer" };
/** Keys that go through the pictures of a folder. */
export const FOLDER_KEYS = { d: "next", a: "previous", j: "undone", s: "same", l: "list" };

/**
 * The step that a key takes, with Ctrl or on Macs with ⌘, whose ⌘ Y is the browser's own.
 * @param {Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">} event
 * @returns {"undo" | "redo" | null}
 */
export function stepOf(event) {
  const { ctrlKey, metaKey, shiftKey, altKey } = event;
  if (altKey || !(ctrlKey || metaKey)) return null;
  const letter = letterOf(event);
  if (letter === "z") return shiftKey ? "redo" : "undo";
  return letter === "y" && !shiftKey && !metaKey ? "redo" : null;
}

/**
 * The letter on the key, or where letters are not Latin ones that which is in its place on other keyboards.
 * @param {Pick<KeyboardEvent, "key" | "code">} event
 */
export function letterOf({ key, code }) {
  const isForeign = /^(?!\p{Script=Latin})\p{L}$/u.test(key);
  return (isForeign ? code.replace("Key", "") : key).toLowerCase();
}

/** For the sheet of keys. @type {[string, [string, string][]][]} */
export const KEYS_IN_WORDS = [
  ["Anywhere", [["/", "write your question"], ["?", "this sheet"], ["Ctrl Z", "undo the last answer or change"], [
    "Ctrl Shift Z",
    "redo what was undone; so does Ctrl Y",
  ], ["Esc", "leave what is open, or stop the answer"]]],
  ["Tools", [
    ["V", "select"],
    ["B", "draw a box"],
    ["P", "click a point"],
    ["C", "correct"],
    ["G", "click the corners of a polygon, or change a region’s outline; Enter closes it"],
    ["M", "paint with a brush; + and − change its size"],
    ["E", "erase with it"],
    ["← ↑ ↓ →", "move the crosshair of Box and Point by a pixel, with Shift by 10, with Ctrl far"],
    ["Enter", "set a corner or a point, with Alt “not this”"],
    ["1–9", "name what you drew from the list; Enter takes the name given last"],
    ["+ −", "zoom in and out"],
    ["0", "the whole picture"],
    ["1", "one to one"],
  ]],
  ["In a folder", [
    ["D", "the next picture"],
    ["A", "the one before"],
    ["J", "the next one in which nothing has been done"],
    ["S", "ask the same as of the picture before"],
    ["L", "all of them"],
  ]],
  ["At a region", [
    ["← →", "from region to region, Home and End to the ends"],
    ["Enter", "cite it; again: this object alone, then no more"],
    ["Shift Enter", "cite this object alone"],
    ["F", "only this region, and back"],
    ["H", "hide or show"],
    ["K", "look closer: ask about it alone, enlarged"],
    ["Ctrl C", "copy it; Ctrl V pastes it, on another picture too, Ctrl D does both"],
    ["Ctrl A", "choose all regions; Shift and a click adds one or leaves it out"],
    ["[ ]", "behind the others, before the others"],
    ["F2", "rename (in the list)"],
    ["Delete", "delete"],
    [
      "← ↑ ↓ →",
      "move a box in hand, with Shift resize it, with Ctrl faster; move all that are chosen, with Shift by 10",
    ],
  ]],
  ["Looking", [["X", "compare with the bare picture"], ["T", "turn by turn"], [
    "← →",
    "move the divider, or step through the answers",
  ]]],
];
