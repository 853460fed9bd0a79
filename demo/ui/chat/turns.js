// What can be done with an answer: ask again, change the question, branch, rate, see scores and numbers; and
// the tabs of the dialogues that came of branching. The server writes the acts as links (#again-2) at the
// end of each answer; here they become small buttons.
import { onChange, state } from "../canvas/state.js";
import { trigger } from "../canvas/parts.js";
import { all, buttonNode, closest, fill, node, one, shape } from "../shared/nodes.js";

const ACT = /^#(again|change|branch|compare|take|up|down|scores|numbers|known|apart)-(\d+)(?:-(\d+))?$/;
const ACTS = {
  again: ["Ask again: question N", "M20 11.5a8 8 0 1 0-2.4 5.6M20 4.5v7h-7"],
  change: ["Change question N", "M4 20h4L19.5 8.5l-4-4L4 16zM13 7l4 4"],
  branch: [
    "Branch: go on from answer N in a new dialogue",
    "M6 3v12M6 21a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM18 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM18 9a9 9 0 0 1-9 9",
  ],
  compare: ["Compare: put question N to another model as well", "M4 5h7v14H4zM13 5h7v14h-7zM6.5 9h2M15.5 9h2"],
  take: ["Take this answer instead of answer N", "M5 12.5l4.5 4.5L19 7.5"],
  up: [
    "Good: answer N",
    "M7 11v9H4v-9zM7 11l4-7.5a2.3 2.3 0 0 1 2.3 2.3V9h4.9a2 2 0 0 1 2 2.3l-1.1 7a2 2 0 0 1-2 1.7H7",
  ],
  down: [
    "Bad: answer N",
    "M7 13V4H4v9zM7 13l4 7.5a2.3 2.3 0 0 0 2.3-2.3V15h4.9a2 2 0 0 0 2-2.3l-1.1-7a2 2 0 0 0-2-1.7H7",
  ],
  scores: ["Scores of answer N", "M5 20v-7M10 20V9M15 20v-4M20 20V4"],
  known: ["What the model knows: answer N", "M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3zM9 9h6M9 13h6"],
  apart: ["Make what answer N found a region of its own", "M4 4h10v10H4zM10 10h10v10H10z"],
  numbers: ["Numbers of answer N", "M3.5 5h17v14h-17zM3.5 10h17M10 10v9"],
};
const BAR_KEYS = {
  ArrowRight: (at, count) => (at + 1) % count,
  ArrowLeft: (at, count) => (at - 1 + count) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};
let pressed = null; // the act whose button has the keyboard, which goes on to its successor
let drawn = ""; // the dialogues on the page, as text

/** Make the acts in the dialogue look and speak like buttons, those of an answer like one bar of tools. */
export function dressActs(chat) {
  const bars = new Set();
  for (const link of all("#chat a:not([role])", chat)) {
    const [, kind, number] = link.hash.match(ACT) || [];
    if (!kind) continue;
    dress(link, kind, number);
    bars.add(link.parentElement);
  }
  for (const bar of bars) dressBar(bar);
}

// One stop of the Tab key, as other bars of tools have; arrow keys go on.
function dressBar(bar) {
  const acts = actsIn(bar);
  if (acts.length < 2) return;
  fill(bar, { role: "toolbar", "aria-label": `Answer ${acts[0].hash.match(ACT)[2]}` }, []);
  stopAt(acts.find((act) => act === document.activeElement) ?? acts[0]);
}

function actsIn(bar) {
  return all("[data-act]", bar);
}

function stopAt(stop) {
  for (const act of actsIn(stop.parentElement)) act.setAttribute("tabindex", act === stop ? "0" : "-1");
}

function dress(link, kind, number) {
  const [name, path] = ACTS[kind];
  const word = link.textContent;
  const label = name.replace(/\bN\b/, number);
  fill(link, { role: "button", title: label, "aria-label": label, "data-act": kind }, []);
  link.replaceChildren(
    shape("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, shape("path", { d: path })),
    node("span", {}, word),
  );
  if (kind === "up" || kind === "down") link.setAttribute("aria-pressed", word.includes("✓"));
  if (link.hash !== pressed) return;
  pressed = null;
  link.focus({ preventScroll: true });
}

function onAct(event) {
  const link = closest(event, "#chat a"); // also one that came this moment and is not dressed yet
  const [, kind, number, place] = link?.hash.match(ACT) || [];
  if (!kind) return;
  event.preventDefault();
  pressed = document.activeElement === link ? link.hash : null;
  trigger("turn", { kind, turn: Number(number), ...(place ? { place: Number(place) } : {}) });
}

document.addEventListener("click", onAct);
document.addEventListener("keydown", (event) => {
  if (event.key === " ") onAct(event); // a link answers to Enter only, a button to both
  const act = closest(event, "[role=toolbar] > [data-act]");
  const acts = act ? actsIn(act.parentElement) : [];
  const next = act && BAR_KEYS[event.key]?.(acts.indexOf(act), acts.length);
  if (next === undefined || next === null) return;
  event.preventDefault();
  acts[next].focus();
});
document.addEventListener("focusin", (event) => {
  const act = closest(event, "[role=toolbar] > [data-act]");
  if (act) stopAt(act);
});

// The dialogues ----------------------------------------------------------------------------------------

function drawDialogues() {
  const { dialogues, dialogue } = state.scene;
  const wanted = JSON.stringify([dialogues, dialogue]);
  const place = one("#right");
  if (!place || wanted === drawn) return;
  drawn = wanted;
  const old = one(".dialogues", place);
  const held = old?.contains(document.activeElement);
  old?.remove();
  if (dialogues.length < 2) return;
  const bar = node(
    "div",
    { class: "dialogues", role: "tablist", "aria-label": "Dialogues" },
    ...dialogues.map(dialogueTab),
  );
  place.prepend(bar);
  const shown = bar.children[dialogue];
  shown?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (held) shown?.focus({ preventScroll: true });
}

function dialogueTab({ name, turns }, index) {
  const shown = index === state.scene.dialogue;
  return buttonNode(
    {
      role: "tab",
      "aria-selected": shown,
      tabindex: shown ? "0" : "-1",
      "aria-controls": "chat",
      "data-dialogue": index,
    },
    node("b", {}, name),
    ` · ${turns} question${turns === 1 ? "" : "s"}`,
  );
}

const TABBED = { ArrowRight: 1, ArrowLeft: -1 };

document.addEventListener("click", (event) => {
  const tab = closest(event, ".dialogues [role=tab]");
  if (tab && tab.getAttribute("aria-selected") !== "true") {
    trigger("turn", { kind: "switch", dialogue: Number(tab.dataset.dialogue) });
  }
});
document.addEventListener("keydown", (event) => {
  const tab = closest(event, ".dialogues [role=tab]");
  if (!tab || !(event.key in TABBED)) return;
  event.preventDefault();
  const tabs = [...tab.parentNode.children];
  tabs[(tabs.indexOf(tab) + TABBED[event.key] + tabs.length) % tabs.length].focus();
});
onChange(["drawn"], drawDialogues);
