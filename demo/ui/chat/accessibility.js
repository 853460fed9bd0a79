// Mends what Gradio's chat does: to people who do not see it, labels that repeat the text as Markdown
// source, and headings of parts that do not say whether they are open; to all others, an answer that
// ends with its first line, what was found, scrolled out of sight. And it tells regions that are there
// from those that are not, and given boxes from invented ones. It shares canvas.js's scope (scene).
const SETTLED_MS = 400; // after Gradio's own scrolling to the end
const SETTLING_MS = 4000; // how late that may come on a slow device
let settling; // the timer that brings the newest question into view
let settlesUntil = 0;
const STILL_PX = 4; // so little a hand moves while it clicks
let down = null; // where the mouse went down, and on which control
let wasBusy = false;
let turnsThere = 0; // how many questions there were

function tidy() {
  const chat = document.querySelector("#right");
  chat.querySelector("[role=log]")?.setAttribute("aria-label", "Dialogue");
  for (const said of chat.querySelectorAll("[data-testid][aria-label]")) said.removeAttribute("aria-label");
  for (const title of chat.querySelectorAll(".thought-group > .title")) {
    title.setAttribute("aria-expanded", title.classList.contains("expanded"));
  }
  for (const box of chat.querySelectorAll(".invented:not([title])")) box.title = "This box was not given to the model.";
  for (const point of chat.querySelectorAll(".pointer:not([title])")) point.title = "Shows this point on the picture.";
  markGone();
  dressActs(chat);
  settle();
}

// Citations of regions that were deleted since; their names are not given out again.
function markGone() {
  if (!scene.picture || scene.busy) return;
  const there = new Set(scene.regions.flatMap((region) => [region.id, ...region.objects.map((object) => object.id)]));
  for (const link of document.querySelectorAll("#chat a[href^='#R']")) {
    const name = link.hash.slice(1);
    const gone = !there.has(name);
    if (gone === link.classList.contains("gone")) continue;
    link.classList.toggle("gone", gone);
    if (gone) link.title = `${name} has been deleted.`;
    else link.removeAttribute("title");
  }
}

function watchDialogue() {
  const place = document.querySelector("#right"); // not there yet when this script runs
  if (!place) return requestAnimationFrame(watchDialogue);
  new MutationObserver(tidy).observe(place, { childList: true, subtree: true });
  place.addEventListener("scroll", settle, true);
  place.addEventListener("pointerdown", ({ target, clientX, clientY }) => (down = { control: target.closest("a, button"), clientX, clientY }), true);
  place.addEventListener("click", onMoved, true);
  for (const kind of ["wheel", "pointerdown", "keydown"]) {
    place.addEventListener(kind, () => (settlesUntil = 0), { capture: true, passive: true }); // now they scroll
  }
}

watchDialogue();

// An answer can be clicked while it still unfolds. What has moved on between press and release is meant
// all the same; the browser gives such a click to what holds both places.
function onMoved(event) {
  const [began, control] = [down, down?.control];
  if (!event.isTrusted || !event.detail || !control?.isConnected || control.contains(event.target)) return;
  down = null;
  if (Math.hypot(event.clientX - began.clientX, event.clientY - began.clientY) > STILL_PX) return;
  event.stopPropagation();
  control.click();
}

function showQuestion() {
  const newest = [...document.querySelectorAll("#chat .user-row")].at(-1);
  const log = newest?.closest(".bubble-wrap");
  if (!log || scene.busy) return;
  // Up to it, or down where Gradio did not scroll because the log is short.
  const top = newest.getBoundingClientRect().top - log.getBoundingClientRect().top - 12;
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  log.scrollBy({ top, behavior: smooth ? "smooth" : "instant" });
}

// After a turn, once the dialogue has come to rest.
function settle() {
  if (performance.now() > settlesUntil) return;
  clearTimeout(settling);
  settling = setTimeout(showQuestion, SETTLED_MS);
}

document.addEventListener("regions-drawn", () => {
  const changed = scene.turns !== turnsThere; // by undo, too
  if (!scene.busy && (wasBusy || changed)) {
    settlesUntil = performance.now() + SETTLING_MS;
    settle();
  }
  turnsThere = scene.turns;
  wasBusy = Boolean(scene.busy);
  markGone();
  document.dispatchEvent(new CustomEvent("scene-known", { detail: scene }));
});

// The chips of the composer light the region up, too.
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const chip = event.target.closest?.("#hint [data-name], #hint [data-take]");
    if (chip) light(chip.dataset.name || chip.dataset.take);
  });
}
