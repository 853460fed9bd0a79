// The scores of one answer in a small card at its button: a bar each, its course over the dialogue, and on
// a click what it means.
import { buttonNode, node, one, shape } from "../shared/nodes.js";
import { openCard, placeCard } from "./card.js";
import { coursePath } from "./course.js";

const TREND = { width: 76, height: 26, rim: 4 };

/** @param {import("./sheet.d.ts").Scores} scores */
export function showScores({ turn, title, rows, key }) {
  openCard(buttonOf(turn), title, ...rows.map((row) => scoreRow(row, turn)), node("p", { class: "key" }, key));
}

function buttonOf(turn) {
  return one(`#chat a[href="#scores-${turn}"]`);
}

/** @param {import("./sheet.d.ts").Score} score @param {number} turn */
function scoreRow({ name, title: words, value, reason, about, trend }, turn) {
  const id = `score-${name}`;
  const bar = node("span", { class: "bar", "aria-hidden": "true" });
  if (value !== null) bar.append(node("i", { style: `width: ${100 * value}%` }));
  const button = buttonNode(
    { "aria-expanded": "false", "aria-controls": id },
    node("span", { class: "name" }, words),
    node("span", { class: "value" }, percent(value)),
    bar,
  );
  const meaning = node(
    "div",
    { id, class: "meaning", hidden: "" },
    value === null ? "" : node("p", {}, reason),
    node("p", {}, about),
  );
  button.addEventListener("click", () => {
    meaning.hidden = !meaning.hidden;
    button.setAttribute("aria-expanded", String(!meaning.hidden));
    placeCard(buttonOf(turn));
  });
  const shown = value === null ? node("p", { class: "meaning" }, reason) : "";
  const known = trend.length > 1 && trend.some((each) => each !== null);
  return node(
    "div",
    { class: value === null ? "score none" : "score" },
    button,
    known ? course(trend, turn) : "",
    shown,
    meaning,
  );
}

function percent(value) {
  return value === null ? "does not apply" : `${Math.round(100 * value)} %`;
}

// The course ------------------------------------------------------------------------------------------

function course(trend, turn) {
  const { width, height, rim } = TREND;
  const { d, alone, here } = coursePath(trend, turn, TREND);
  return shape(
    "svg",
    {
      class: "course",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": spokenCourse(trend),
    },
    shape("path", { class: "base", d: `M${rim} ${height - rim}H${width - rim}` }),
    shape("path", { d }),
    ...alone.map(([cx, cy]) => shape("circle", { cx, cy, r: 1.6 })),
    ...(here ? [shape("circle", { cx: here[0], cy: here[1], r: 3.2 })] : []),
  );
}

function spokenCourse(trend) {
  return `Over the dialogue: ${trend.map((value, i) => `answer ${i + 1} ${percent(value)}`).join(", ")}`;
}
