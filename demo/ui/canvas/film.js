// Turn by turn: the dialogue as a film. A bar over the picture steps through the answers; the picture
// shows the regions there were after that answer, the dialogue goes to its question.
// Only classes change here; which region belongs to which answer stands in the scene.

const FRAME_MS = 1600;
const FILM_ICONS = {
  first: "M6 5v10M15 5.5 8.5 10l6.5 4.5Z", back: "M12.5 5 7 10l5.5 5", next: "M7.5 5 13 10l-5.5 5",
  play: "M6.5 4.5 15 10l-8.5 5.5Z", pause: "M7 5v10M13 5v10", close: "M5.5 5.5l9 9M14.5 5.5l-9 9",
};
const filmText = node("output", { class: "film-text" });
const film = node("div", { class: "film", role: "group", "aria-label": "Turn by turn" },
  filmButton("first", "To the beginning"), filmButton("back", "One answer back"), filmText,
  filmButton("next", "One answer on"), filmButton("play", "Play"), filmButton("close", "Back to the whole dialogue"));
let step = null; // the answer that is shown, 0 before the first; null: no film
let filmTurns = 0; // how many turns there were when it was opened, and in which dialogue
let filmDialogue = 0;
let playing = 0; // the timer

function filmButton(name, label) {
  return node("button", { type: "button", "data-film": name, "aria-label": label, title: label }, drawIcon(FILM_ICONS[name]));
}

function showFilm(on) {
  if (on === (step !== null) || (on && !scene.turns)) return;
  if (!on) return endFilm();
  setTool("select");
  stage.append(film);
  [filmTurns, filmDialogue] = [scene.turns, scene.dialogue];
  goTo(1);
  film.querySelector("[data-film=play]").focus({ preventScroll: true });
}

function endFilm() {
  const held = film.contains(document.activeElement);
  pause();
  film.remove();
  step = null;
  if (held) lookButton("film").focus();
  drawFrame();
}

function goTo(turn) {
  step = Math.max(0, Math.min(turn, filmTurns));
  const [lead, place] = step ? ["After ", `answer ${step} of ${filmTurns}`] : ["", "Before the first answer"];
  filmText.replaceChildren(node("span", {}, lead), place);
  setDisabled("first", step === 0);
  setDisabled("back", step === 0);
  setDisabled("next", step === filmTurns);
  if (step === filmTurns) pause();
  drawFrame();
}

// Not `disabled`: that would take the keyboard's place away.
function setDisabled(name, off) {
  film.querySelector(`[data-film=${name}]`).setAttribute("aria-disabled", off);
}

function drawFrame() {
  stage.toggleAttribute("data-film", step !== null);
  drawLooks();
  dimDialogue(step);
  document.dispatchEvent(new CustomEvent("film-step", { detail: step }));
}

function dimDialogue(turn) {
  let asked = 0;
  let here = null;
  for (const row of document.querySelectorAll("#chat .message-row")) {
    if (row.classList.contains("user-row")) asked += 1;
    if (asked === Math.max(turn, 1)) here ||= row;
    row.inert = turn !== null && asked > turn; // it has not been said yet
  }
  if (turn !== null && here) scrollDialogue(here);
}

function scrollDialogue(row) {
  const log = row.closest(".bubble-wrap");
  const top = row.getBoundingClientRect().top - log.getBoundingClientRect().top - 12;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  log.scrollBy({ top, behavior: still ? "auto" : "smooth" });
}

function play() {
  if (step === filmTurns) goTo(0);
  playing = setInterval(() => goTo(step + 1), FRAME_MS);
  drawPlaying();
}

function pause() {
  clearInterval(playing);
  playing = 0;
  drawPlaying();
}

function drawPlaying() {
  const button = film.querySelector("[data-film=play]");
  const label = playing ? "Pause" : "Play";
  button.setAttribute("aria-label", label);
  button.title = label;
  button.replaceChildren(drawIcon(FILM_ICONS[playing ? "pause" : "play"]));
}

const FILM_ACTS = {
  first: () => stepTo(0), back: () => stepTo(step - 1), next: () => stepTo(step + 1),
  play: () => (playing ? pause() : play()), close: () => showFilm(false),
};

// A step by hand ends the playing.
function stepTo(turn) {
  pause();
  goTo(turn);
}

film.addEventListener("click", (event) => {
  const button = event.target.closest("[data-film]");
  if (button) FILM_ACTS[button.dataset.film]();
});
