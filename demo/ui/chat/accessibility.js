// Mends what Gradio's chat does: to people who do not see it, labels that repeat the text as Markdown
// source, and headings of parts that do not say whether they are open; to all others, an answer that
// ends with its first line, what was found, scrolled out of sight. And it tells regions that are there
// from those that are not, and given boxes from invented ones.
import { exists, onChange, regionOf, state } from "../canvas/state.js";
import { light } from "../canvas/cite.js";
import { headTurns } from "./headings.js";
import { dressLooks } from "./look_rows.js";
import { dressActs } from "./turns.js";
import { all, closest, fill, one, scrollBehavior, whenThere } from "../shared/nodes.js";

const SETTLED_MS = 400; // after Gradio's own scrolling to the end
const MAX_SETTLING_MS = 4000; // how late that may come on a slow device
const MIN_ANSWER = 48; // screen pixels of it that are to be seen below its question
const MAX_TREMOR = 4; // screen pixels that a hand moves while it clicks
// Each runs as its own first letters do, without those of the links, names and code in it.
const WRITTEN = ":is(.md p, .md li, .md a, .md code, .mark, .invented, .pointer, .looked):not([dir])";
let settling = 0; // the timer that brings the newest question into view
let settlesUntil = 0;
let down = null; // where the mouse went down, and on which control
let wasBusy = false;
let turnsThere = 0; // how many questions there were
let isFollowed = false; // whether the newest question was brought into view, and nobody has scrolled since

function tidy(chat) {
  const log = one("[role=log]", chat);
  // What is written there changes many times a second: what is heard of it is said elsewhere (voice.js).
  if (log) fill(log, { "aria-label": "Dialogue", "aria-live": "off", "aria-busy": Boolean(state.scene.busy) }, []);
  for (const text of all("[data-testid][aria-label]", chat)) text.removeAttribute("aria-label");
  for (const title of all(".thought-group > .title", chat)) {
    title.setAttribute("aria-expanded", title.classList.contains("expanded"));
  }
  for (const box of all(".invented:not([title])", chat)) {
    box.title = "This box was not given to the model.";
    nameLink(box, (written) => `${written}, a box that was not given to the model: show it on the picture`);
  }
  for (const point of all(".pointer:not([title])", chat)) {
    point.title = "Shows this point on the picture.";
    nameLink(point, (written) => `Point ${written}: show it on the picture`);
  }
  for (const text of all(WRITTEN, chat)) text.setAttribute("dir", "auto");
  markGone();
  headTurns();
  dressActs(chat);
  dressLooks(chat);
  settle();
}

function nameLink(place, nameOf) {
  const link = one("a", place);
  link?.setAttribute("aria-label", nameOf(link.textContent));
}

// What a link to a region says where nothing stands round it: R2, the dog.
function nameRegion(link, name, what) {
  const words = link.textContent;
  const label = [words, words.includes(name) ? "" : name, what].filter(Boolean).join(", ");
  if (link.getAttribute("aria-label") !== label) link.setAttribute("aria-label", label);
}

// Citations of regions that were deleted since; their names are not given out again.
function markGone() {
  if (!state.scene.picture || state.scene.busy) return;
  for (const link of all("#chat a[href^='#R']")) {
    const name = link.hash.slice(1);
    const gone = !exists(name);
    nameRegion(link, name, gone ? "deleted" : regionOf(name)?.title);
    if (gone === link.classList.contains("gone")) continue;
    link.classList.toggle("gone", gone);
    if (gone) link.title = `${name} has been deleted.`;
    else link.removeAttribute("title");
  }
}

whenThere("#right", (place) => {
  new MutationObserver(() => tidy(place)).observe(place, { childList: true, subtree: true });
  place.addEventListener("scroll", settle, true);
  place.addEventListener("pointerdown", (event) => {
    down = { control: closest(event, "a, button"), clientX: event.clientX, clientY: event.clientY };
  }, true);
  place.addEventListener("click", onMoved, true);
  for (const kind of ["wheel", "pointerdown", "keydown"]) {
    place.addEventListener(kind, stopFollowing, { capture: true, passive: true }); // now they scroll
  }
});

// A phone is turned, a keyboard comes: there is another height, and the newest answer is to be seen in it.
whenThere("#page", (page) => new ResizeObserver(() => isFollowed && showQuestion("instant")).observe(page));

// An answer can be clicked while it still unfolds. What has moved on between press and release is meant
// all the same; the browser gives such a click to what holds both places.
function onMoved(event) {
  const [began, control] = [down, down?.control];
  if (!event.isTrusted || !event.detail || !control?.isConnected || control.contains(event.target)) return;
  down = null;
  if (Math.hypot(event.clientX - began.clientX, event.clientY - began.clientY) > MAX_TREMOR) return;
  event.stopPropagation();
  control.click();
}

function stopFollowing(event) {
  settlesUntil = 0;
  if (!closest(event, "#chat")) return; // typing a message scrolls nothing
  isFollowed = false;
  clearTimeout(settling); // what is under the hand stays there
}

function showQuestion(behavior = scrollBehavior()) {
  const newest = all("#chat .user-row").at(-1);
  const log = newest?.closest(".bubble-wrap");
  if (!log || state.scene.busy) return;
  // Up to it, or down where Gradio did not scroll because the log is short.
  const answer = all("#chat .user-row ~ .bot-row").find((row) => (
    newest.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING
  ));
  const isTight = answer && log.clientHeight < newest.offsetHeight + MIN_ANSWER; // then the answer alone
  const top = (isTight ? answer : newest).getBoundingClientRect().top - log.getBoundingClientRect().top - 12;
  log.scrollBy({ top, behavior });
  log.scrollIntoView({ block: "nearest", behavior }); // where hardly anything fits, all scrolls
  isFollowed = true;
}

// After a turn, once the dialogue has come to rest.
function settle() {
  if (performance.now() > settlesUntil) return;
  clearTimeout(settling);
  settling = setTimeout(() => showQuestion(), SETTLED_MS);
}

onChange(["drawn"], () => {
  const { turns, busy } = state.scene;
  const changed = turns !== turnsThere; // by undo, too
  if (!busy && (wasBusy || changed)) {
    settlesUntil = performance.now() + MAX_SETTLING_MS;
    settle();
  }
  turnsThere = turns;
  wasBusy = Boolean(busy);
  one("#chat [role=log]")?.setAttribute("aria-busy", wasBusy);
  markGone();
  headTurns();
});

// The headings of parts are buttons; Gradio gives them Enter only.
document.addEventListener("keydown", (event) => {
  const title = closest(event, "#chat .title");
  if (event.key !== " " || !title) return;
  event.preventDefault();
  title.click();
});

// The chips of the composer light the region up, too.
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const chip = closest(event, "#hint [data-name], #hint [data-take]");
    if (chip) light(chip.dataset.name || chip.dataset.take);
  });
}
