import { deepEqual, equal, match, ok } from "node:assert/strict";
import { asCsv, asLatex, asMarkdown, tableOf } from "../../../demo/ui/compare/cells.js";

const { test } = Deno;
const answer = (more) => ({ count: 1, seconds: 2, partial: false, warnings: [], notes: [], truth: null, ...more });
const other = (more) => ({ ...answer({ seconds: 0.5 }), iou: 0.8, agrees: true, pairs: [], verdict: "agree", ...more });
const round = (turn, question, more, ...others) => ({
  turn,
  question,
  given: [],
  author: "one",
  region: null,
  ...answer(more),
  others: Object.fromEntries(others),
});
const ROUNDS = [
  round(1, "find the dog", {}, ["two", other({})]),
  round(2, "and the cat?", { count: 0, warnings: ["w"], notes: ["n", "n"] }, [
    "two",
    other({ count: 2, iou: 0, agrees: false, verdict: "only one finds it", warnings: ["a", "b"] }),
  ]),
  round(3, "the sun", { count: 0, seconds: 12.34 }, [
    "two",
    other({ count: 0, iou: null, agrees: true, verdict: "both nothing", seconds: null }),
  ]),
  round(4, "say it", { partial: true }, ["two", other({ agrees: null, verdict: "" })]),
  round(5, "not yet", {}),
];
const table = (rounds, name = "two") => tableOf({ first: "one", rounds }, name);

test("each round is a row, and the last row sums up what both have answered", () => {
  const { head, rows, sum } = table(ROUNDS);
  equal(head.length, 10);
  deepEqual(rows[0], ["1", "find the dog", "1", "1", "0.80", "agree", "2.00", "0.50", "", ""]);
  deepEqual(rows[1].slice(2), [
    "0",
    "2",
    "0.00",
    "only one finds it",
    "2.00",
    "0.50",
    "1 warning, 2 notes",
    "2 warnings",
  ]);
  deepEqual(rows[2].slice(4, 8), ["–", "both nothing", "12.3", "–"]);
  deepEqual(rows[3].slice(2, 6), ["1, stopped", "1", "0.80", ""]);
  deepEqual(rows[4].slice(2), ["1", "", "", "", "2.00", "", "", ""]);
  deepEqual(sum, [
    "All",
    "4 of 5 answered by both",
    "2",
    "4",
    "0.53",
    "2 of 3 agree",
    "18.3",
    "–",
    "1 warning",
    "2 warnings",
  ]);
});

test("a model that has answered nothing has no sum", () => {
  deepEqual(table(ROUNDS, "nobody").sum, []);
  deepEqual(table([]), { head: table(ROUNDS).head, rows: [], sum: [] });
});

test("with a benchmark there are two columns of truth", () => {
  const scored = (iou, right) => ({ truth: { iou, right } });
  const rounds = [
    round(1, "q", scored(0.9, true), ["two", other(scored(0.25, false))]),
    round(2, "q", scored(null, true), ["two", other(scored(null, false))]),
    round(3, "a person's own", {}, ["two", other({})]),
  ];
  const { head, rows, sum } = table(rounds);
  deepEqual(head.slice(-2), ["one: IoU with truth", "two: IoU with truth"]);
  deepEqual(rows.map((cells) => cells.slice(-2)), [
    ["0.90", "0.25, a miss"],
    ["nothing there, right", "nothing there, wrong"],
    ["", ""],
  ]);
  deepEqual(sum.slice(-2), ["2 of 2 right, mean 0.90", "0 of 2 right, mean 0.25"]);
});

test("long names that begin alike stay apart", () => {
  const long = (end) => `a-checkpoint-of-a-long-training-run-${end}`;
  const { head } = tableOf({ first: long("step-100"), rounds: [] }, long("step-200"));
  match(head[2], /step-100: objects$/);
  match(head[3], /step-200: objects$/);
});

test("Markdown keeps its cells whatever a question says", () => {
  const text = asMarkdown(table([round(1, "a | b\n<c> *d*", {}, ["two", other({})])]));
  const lines = text.trimEnd().split("\n");
  equal(lines.length, 4);
  match(lines[2], /a \\\| b \\<c\\> \\\*d\\\*/);
  for (const line of lines) equal(line.match(/(?<!\\)\|/g)?.length, 11);
});

test("LaTeX keeps its cells whatever a question says", () => {
  const text = asLatex(table([round(1, "50 % of a_b & {c}\n[d] \\e ~$#^ | <f>", {}, ["two", other({})])]));
  const lines = text.trimEnd().split("\n");
  equal(lines.length, 10);
  match(lines[1], /^\\begin\{tabular\}\{llr{8}\}$/);
  ok(lines[5].includes(
    "50 \\% of a\\_b \\& \\{c\\} {[}d] \\textbackslash{}e \\textasciitilde{}\\$\\#\\textasciicircum{} \\textbar{} \\textless{}f\\textgreater{}",
  ));
  for (const line of [lines[3], lines[5], lines[7]]) equal(line.match(/(?<!\\)&/g)?.length, 9);
});

test("signs that act elsewhere are those that were written", () => {
  const said = 'R&amp;D ~~x~~ $5 ![y](z) # a--b `c` "d" “e” ≤ 3';
  const rows = { head: ["Round", "Question"], rows: [["1", said]], sum: ["", ""] };
  ok(asMarkdown(rows).includes("R\\&amp;D \\~\\~x\\~\\~ \\$5 \\!\\[y\\](z) \\# a--b"));
  ok(asLatex(rows).includes("{[}y](z) \\# a-{}-b \\textasciigrave{}c\\textasciigrave{} ''d'' ``e'' $\\leq$ 3"));
});

for (
  const [said, cell] of [
    ["plain", "plain"],
    ['say "it", twice', '"say ""it"", twice"'],
    ["two\nlines", '"two\nlines"'],
    ["=HYPERLINK(1)", "'=HYPERLINK(1)"],
    ["+1", "'+1"],
    [" @SUM(A1)", "' @SUM(A1)"],
    ["\t=1", "'\t=1"],
    ["-2", "-2"],
    ["–", ""],
  ]
) {
  test(`CSV has ${JSON.stringify(said)} as a text that no spreadsheet computes`, () => {
    const csv = asCsv({ head: ["Question"], rows: [[said]], sum: [] });
    equal(csv, `Question\r\n${cell}\r\n`);
  });
}
