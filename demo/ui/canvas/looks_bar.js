// The group of buttons for the ways to look. What each does is in looks.js.
import { onChange, state } from "./state.js";
import { bar, layers } from "./parts.js";
import { LOOK_ICONS } from "./icons.js";
import { buttonNode, drawIcon, node, one } from "../shared/nodes.js";

const LOOKS = {
  compare: { text: "Compare", title: "Compare with the bare picture", key: "X" },
  only: { text: "Only one region", title: "Only one region: the one pointed at, or the last one", key: "F" },
  film: { text: "Turn by turn", title: "Turn by turn: the dialogue as a film", key: "T" },
  keys: { text: "Keys", title: "Keys and gestures", key: "?" },
};
export const looks = node(
  "div",
  { class: "segments looks", role: "group", "aria-label": "Ways to look" },
  ...Object.entries(LOOKS).map(([name, { text, title, key }]) => (
    buttonNode(
      { "data-look": name, title: `${title} (${key})`, "aria-keyshortcuts": key },
      drawIcon(LOOK_ICONS[name]),
      node("span", {}, text),
    )
  )),
);

/** Whether what is shown stands in a panel behind a button: the style sheet says where. */
export function isNarrow() {
  return getComputedStyle(one(".layers-open", bar)).display !== "none";
}

/** The button of a way to look, or the one that it stands behind. */
export function lookButton(name) {
  const button = one(`[data-look="${name}"]`, looks);
  return button.checkVisibility() ? button : one(".layers-open", bar);
}

function placeGroup() {
  if (isNarrow()) layers.append(looks);
  else one(".zooms", bar).before(looks);
}

function drawButtons() {
  const { scene, split, only, step } = state;
  const states = { compare: split !== null, only: only !== null, film: step !== null };
  const shown = scene.regions.some(({ hidden }) => !hidden);
  for (const [name, on] of Object.entries(states)) {
    const button = one(`[data-look="${name}"]`, looks);
    button.setAttribute("aria-pressed", on);
    button.disabled = !on && (name === "film" ? !scene.turns : !shown);
  }
}

new ResizeObserver(placeGroup).observe(one("#page"));
onChange(["drawn", "split", "only", "step"], drawButtons);
