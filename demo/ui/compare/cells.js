// The rounds of two models as a table of texts, and that as Markdown, LaTeX or CSV.

/** @typedef {import("./compare.d.ts").Comparison} Comparison */
/** @typedef {import("./compare.d.ts").Round} Round */
/** @typedef {import("./compare.d.ts").OtherAnswer} OtherAnswer */
/** @typedef {import("./compare.d.ts").Answered} Answered */
/** @typedef {{ head: string[], rows: string[][], sum: string[] }} Table The first column names the round. */

const ABSENT = "–";

/**
 * The table of the dialogue's answers beside those of another model; the last row sums up what both have answered.
 * @param {Pick<Comparison, "first" | "rounds">} compared @param {string} other @returns {Table}
 */
export function tableOf({ first, rounds }, other) {
  const isScored = rounds.some(({ truth }) => truth);
  const [one, two] = shortened([first, other]);
  const head = ["Round", "Question", `${one}: objects`, `${two}: objects`, "IoU", "Agreement"];
  head.push(`${one}: seconds`, `${two}: seconds`, `${one}: findings`, `${two}: findings`);
  if (isScored) head.push(`${one}: IoU with truth`, `${two}: IoU with truth`);
  return {
    head,
    rows: rounds.map((round) => rowOf(round, round.others[other], isScored)),
    sum: sumOf(rounds, other, isScored),
  };
}

/** @param {Round} round @param {OtherAnswer | undefined} other @param {boolean} isScored */
function rowOf(round, other, isScored) {
  const both = [round, other];
  const cells = [String(round.turn), round.question, ...both.map(counted)];
  cells.push(other ? share(other.iou) : "", other?.verdict ?? "");
  cells.push(...both.map((each) => (each ? seconds(each.seconds) : "")), ...both.map(findings));
  return isScored ? [...cells, ...both.map(truth)] : cells;
}

/** @param {Round[]} rounds @param {string} other @param {boolean} isScored */
function sumOf(rounds, other, isScored) {
  const isAsked = rounds.some(({ others }) => others[other]);
  if (!isAsked) return [];
  const both = rounds.flatMap((round) => (round.others[other] ? [{ round, answer: round.others[other] }] : []));
  const judged = both.filter(({ answer }) => answer.agrees !== null);
  const agreed = judged.filter(({ answer }) => answer.agrees).length;
  const ious = both.flatMap(({ answer }) => (answer.iou === null ? [] : [answer.iou]));
  const cells = [
    "All",
    `${both.length} of ${rounds.length} answered by both`,
    total(both.map(({ round }) => round.count)),
    total(both.map(({ answer }) => answer.count)),
    share(mean(ious)),
    judged.length ? `${agreed} of ${judged.length} agree` : "",
    seconds(sum(both.map(({ round }) => round.seconds))),
    seconds(sum(both.map(({ answer }) => answer.seconds))),
    warned(both.flatMap(({ round }) => round.warnings).length),
    warned(both.flatMap(({ answer }) => answer.warnings).length),
  ];
  if (!isScored) return cells;
  return [...cells, rightOf(both.map(({ round }) => round)), rightOf(both.map(({ answer }) => answer))];
}

// Cells ------------------------------------------------------------------------------------------------

/** @param {Answered | undefined} answer */
function counted(answer) {
  if (!answer) return "";
  return answer.partial ? `${answer.count}, stopped` : String(answer.count);
}

/** @param {number | null} value */
function share(value) {
  return value === null ? ABSENT : value.toFixed(2);
}

/** @param {number | null} value */
function seconds(value) {
  return value === null ? ABSENT : value.toFixed(value < 10 ? 2 : 1);
}

/** @param {Answered | undefined} answer */
function findings(answer) {
  if (!answer) return "";
  const { warnings, notes } = answer;
  return [warned(warnings.length), noted(notes.length)].filter(Boolean).join(", ");
}

/** @param {number} count */
function warned(count) {
  return count ? `${count} warning${count === 1 ? "" : "s"}` : "";
}

/** @param {number} count */
function noted(count) {
  return count ? `${count} note${count === 1 ? "" : "s"}` : "";
}

/** @param {Answered | undefined} answer */
function truth(answer) {
  if (!answer?.truth) return "";
  const { iou, right } = answer.truth;
  return iou === null ? `nothing there, ${right ? "right" : "wrong"}` : `${share(iou)}${right ? "" : ", a miss"}`;
}

/** @param {Answered[]} answers */
function rightOf(answers) {
  const scored = answers.flatMap((answer) => answer.truth ?? []);
  const ious = scored.flatMap(({ iou }) => (iou === null ? [] : [iou]));
  const right = `${scored.filter((each) => each.right).length} of ${scored.length} right`;
  return ious.length ? `${right}, mean ${share(mean(ious))}` : right;
}

/** @param {number[]} values */
function mean(values) {
  return values.length ? values.reduce((a, b) => a + b) / values.length : null;
}

// Of what is not known for one of them there is no sum.
/** @param {(number | null)[]} values */
function sum(values) {
  return values.length && values.every((value) => value !== null) ? values.reduce((a, b) => a + b) : null;
}

/** @param {number[]} counts */
function total(counts) {
  return String(counts.reduce((a, b) => a + b, 0));
}

// Long names that begin alike are told apart by their ends.
/** @param {string[]} names */
function shortened(names) {
  return names.map((name) => (name.length > 32 ? `${name.slice(0, 12)}…${name.slice(-18)}` : name));
}

// As text ----------------------------------------------------------------------------------------------

/** @param {Table} table */
export function asMarkdown({ head, rows, sum: last }) {
  const lines = [head, head.map(() => "---"), ...rows, last];
  return `${lines.map((cells) => `| ${cells.map(markdownCell).join(" | ")} |`).join("\n")}\n`;
}

/** @param {string} text */
function markdownCell(text) {
  return text.replace(/\s+/g, " ").replace(/[\\`*_|<>[\]&~$#!]/g, "\\$&");
}

/** @type {Readonly<Record<string, string>>} */
const LATEX = {
  "\\": "\\textbackslash{}",
  "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "`": "\\textasciigrave{}",
  '"': "''",
  "[": "{[}", // no option of a row's end
  "-": "-{}", // before another one, with which it would be a dash
  "–": "--",
  "—": "---",
  "…": "\\dots{}",
  "“": "``",
  "”": "''",
  "‘": "`",
  "’": "'",
  "×": "$\\times$",
  "≤": "$\\leq$",
  "≥": "$\\geq$",
  "→": "$\\rightarrow$",
  "·": "$\\cdot$",
};
const MEANT = /-(?=-)|[\\^~<>|`"[–—…“”‘’×≤≥→·{}&%$#_]/g;

/** A table with the rules of booktabs. @param {Table} table */
export function asLatex({ head, rows, sum: last }) {
  /** @param {string[]} cells */
  const line = (cells) => `  ${cells.map(latexCell).join(" & ")} \\\\`;
  const columns = `${"l".repeat(2)}${"r".repeat(head.length - 2)}`;
  return [
    "% Needs \\usepackage{booktabs}.",
    `\\begin{tabular}{${columns}}`,
    "  \\toprule",
    line(head),
    "  \\midrule",
    ...rows.map(line),
    "  \\midrule",
    line(last),
    "  \\bottomrule",
    "\\end{tabular}\n",
  ].join("\n");
}

/** @param {string} text */
function latexCell(text) {
  return text.replace(/\s+/g, " ").replace(MEANT, (letter) => LATEX[letter] ?? `\\${letter}`);
}

/** RFC 4180, with a mark in front of what spreadsheets would compute. @param {Table} table */
export function asCsv({ head, rows }) {
  return [head, ...rows].map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
}

/** @param {string} text */
function csvCell(text) {
  if (text === ABSENT) return "";
  const plain = /^\s*[=+\-@]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
