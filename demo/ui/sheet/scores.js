// The scores of one answer in a small popover at its button: a bar each, its course over the dialogue, and on
// a click what it means. It shares sheet.js's scope; the browser closes it on Esc and on a click beside it.
const card = element.querySelector(".scores");
const TREND = { width: 76, height: 26, rim: 4 };

function showScores({ turn, title: heading, rows, key }) {
  const shut = node("button", { type: "button", class: "shut", "aria-label": "Close", title: "Close" }, icon("close"));
  shut.addEventListener("click", () => card.hidePopover());
  const head = node("header", {}, node("h2", { id: "scores-title" }, heading), shut);
  card.replaceChildren(head, ...rows.map((row) => scoreRow(row, turn)), node("p", { class: "key" }, key));
  const from = document.querySelector(`#chat a[href="#scores-${turn}"]`);
  from?.focus({ preventScroll: true }); // there the keyboard goes back to
  card.showPopover();
  placeCard(from);
  card.querySelector(".score button").focus({ preventScroll: true });
}

function placeCard(from) {
  const at = from?.getBoundingClientRect();
  if (!at) return;
  const { offsetWidth: width, offsetHeight: height } = card;
  const below = at.bottom + 6 + height <= innerHeight;
  card.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
  card.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - 6 - height)}px`;
}

function scoreRow({ name, title: words, value, reason, about, trend }, turn) {
  const id = `score-${name}`;
  const bar = node("span", { class: "bar", "aria-hidden": "true" });
  if (value !== null) bar.append(node("i", { style: `width: ${100 * value}%` }));
  const button = node("button", { type: "button", "aria-expanded": "false", "aria-controls": id },
    node("span", { class: "name" }, words), node("span", { class: "value" }, percent(value)), bar);
  const told = node("div", { id, class: "meaning", hidden: "" }, value === null ? "" : node("p", {}, reason), node("p", {}, about));
  button.addEventListener("click", () => {
    told.hidden = !told.hidden;
    button.setAttribute("aria-expanded", !told.hidden);
    placeCard(document.querySelector(`#chat a[href="#scores-${turn}"]`));
  });
  const shown = value === null ? node("p", { class: "meaning" }, reason) : "";
  const known = trend.length > 1 && trend.some((each) => each !== null);
  return node("div", { class: value === null ? "score none" : "score" }, button, known ? course(trend, turn) : "", shown, told);
}

function percent(value) {
  return value === null ? "does not apply" : `${Math.round(100 * value)} %`;
}

// The course ------------------------------------------------------------------------------------------

// A line through the answers that have the score, broken where one has none; this answer is the dot.
function course(trend, turn) {
  const { width, height, rim } = TREND;
  const at = trend.map((value, i) => value !== null && [rim + (i * (width - 2 * rim)) / (trend.length - 1), height - rim - value * (height - 2 * rim)]);
  const d = at.map((point, i) => (point ? `${at[i - 1] ? "L" : "M"}${point.map((v) => v.toFixed(1)).join(" ")}` : "")).join("");
  const alone = at.filter((point, i) => point && !at[i - 1] && !at[i + 1] && i !== turn - 1);
  const here = at[turn - 1];
  return shape("svg", { class: "course", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": spokenCourse(trend) },
    shape("path", { class: "base", d: `M${rim} ${height - rim}H${width - rim}` }), shape("path", { d }),
    ...alone.map(([cx, cy]) => shape("circle", { cx, cy, r: 1.6 })), ...(here ? [shape("circle", { cx: here[0], cy: here[1], r: 3.2 })] : []));
}

function spokenCourse(trend) {
  return `Over the dialogue: ${trend.map((value, i) => `answer ${i + 1} ${percent(value)}`).join(", ")}`;
}
