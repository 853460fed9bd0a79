// The course of a score over the dialogue, as a line.

/**
 * A line through the answers that have the score, broken where one has none (null): its SVG path, the points that
 * stand alone, and the point of answer number `turn`, false where that has none.
 * @param {(number | null)[]} trend @param {number} turn @param {{ width: number, height: number, rim: number }} frame
 */
export function coursePath(trend, turn, { width, height, rim }) {
  const across = (/** @type {number} */ i) => rim + (i * (width - 2 * rim)) / (trend.length - 1);
  const down = (/** @type {number} */ value) => height - rim - value * (height - 2 * rim);
  const at = trend.map((value, i) => value !== null && [across(i), down(value)]);
  const step = (
    /** @type {number[] | false} */ point,
    /** @type {number} */ i,
  ) => (point ? `${at[i - 1] ? "L" : "M"}${point.map((v) => v.toFixed(1)).join(" ")}` : "");
  const alone = at.flatMap((point, i) => point && !at[i - 1] && !at[i + 1] && i !== turn - 1 ? [point] : []);
  return { d: at.map(step).join(""), alone, here: at[turn - 1] };
}
