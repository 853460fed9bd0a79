// Turn by turn: the dialogue as a film. A bar over the picture steps through the answers; the picture
// shows the regions there were after that answer, the dialogue goes to its question.
// Only classes change here; which region belongs to which answer stands in the scene.
import { change, onChange, state } from "./state.js";
import { stage } from "./parts.js";
import { FILM_KEYS, stepAt, unsaidAt } from "./film_steps.js";
import { FILM_ICONS } from "./icons.js";
import { lookButton } from "./looks_bar.js";
import { setTool } from "./tool.js";
import { all, buttonNode, closest, drawIcon, node, one, scrollBehavior } from "../shared/nodes.js";

const FRAME_MS = 1600;
const words = node("output", { class: "film-text" });
const film = node(
  "div",
  { class: "film", role: "group", "aria-label": "Turn by turn" },
  drawButton("first", "To the beginning"),
  drawButton("back", "One answer back"),
  words,
  drawButton("next", "One answer on"),
  drawButton("play", "Play"),
  drawButton("close", "Back to the whole dialogue"),
);
const ACTS = {
  first: () => stepTo(0),
  back: () => stepTo(stepNow() - 1),
  next: () => stepTo(stepNow() + 1),
  play: () => (playing ? pause() : play()),
  close: () => showFilm(false),
};
let turns = 0; // how many turns there were when it was opened, and in which dialogue
let dialogue = 0;
let playing = 0; // the timer

function drawButton(name, label) {
  return buttonNode({ "data-film": name, "aria-label": label, title: label }, drawIcon(FILM_ICONS[name]));
}

/** Begin the film, or end it. */
export function showFilm(on) {
  if (on === (state.step !== null) || (on && !state.scene.turns)) return;
  if (!on) return endFilm();
  setTool("select");
  stage.append(film);
  [turns, dialogue] = [state.scene.turns, state.scene.dialogue];
  goTo(1);
  one("[data-film=play]", film).focus({ preventScroll: true });
}

/** The step that a key makes in the film, or null. */
export function filmKey(key) {
  return state.step !== null && key in FILM_KEYS ? ACTS[FILM_KEYS[key]] : null;
}

function stepNow() {
  return state.step ?? 0;
}

function endFilm() {
  const held = film.contains(document.activeElement);
  pause();
  film.remove();
  change({ step: null });
  if (held) lookButton("film").focus();
}

function goTo(turn) {
  const { step, lead, place, off } = stepAt(turn, turns);
  words.replaceChildren(node("span", {}, lead), place);
  for (const [name, isOff] of Object.entries(off)) setOff(name, isOff);
  if (step === turns) pause();
  change({ step });
}

// Not `disabled`: that would take the keyboard's place away.
function setOff(name, off) {
  one(`[data-film=${name}]`, film).setAttribute("aria-disabled", off);
}

function dimDialogue(turn) {
  const rows = all("#chat .message-row");
  const { unsaid, here } = unsaidAt(rows.map((row) => row.classList.contains("user-row")), turn);
  rows.forEach((row, i) => row.inert = unsaid[i]);
  if (rows[here]) scrollDialogue(rows[here]);
}

function scrollDialogue(row) {
  const log = row.closest(".bubble-wrap");
  const top = row.getBoundingClientRect().top - log.getBoundingClientRect().top - 12;
  log.scrollBy({ top, behavior: scrollBehavior() });
}

function play() {
  if (state.step === turns) goTo(0);
  playing = setInterval(() => goTo(stepNow() + 1), FRAME_MS);
  drawPlaying();
}

function pause() {
  clearInterval(playing);
  playing = 0;
  drawPlaying();
}

function drawPlaying() {
  const button = one("[data-film=play]", film);
  const label = playing ? "Pause" : "Play";
  button.setAttribute("aria-label", label);
  button.title = label;
  button.replaceChildren(drawIcon(FILM_ICONS[playing ? "pause" : "play"]));
}

// A step by hand ends the playing.
function stepTo(turn) {
  pause();
  goTo(turn);
}

film.addEventListener("click", (event) => {
  const button = closest(event, "[data-film]");
  if (button) ACTS[button.dataset.film]();
});
onChange(["step"], () => {
  stage.toggleAttribute("data-film", state.step !== null);
  dimDialogue(state.step);
  document.dispatchEvent(new CustomEvent("film-step", { detail: state.step })); // for whoever builds on the page
});
onChange(["drawn"], () => {
  const { busy, turns: now, dialogue: here } = state.scene;
  if (busy || now !== turns || here !== dialogue) showFilm(false);
});
onChange(["tool"], () => state.tool === "select" || showFilm(false));
