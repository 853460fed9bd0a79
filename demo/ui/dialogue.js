// Mends what Gradio's chat does: to people who do not see it, labels that repeat the text as Markdown
// source, and headings of parts that do not say whether they are open; to all others, an answer that
// ends with its first line, what was found, scrolled out of sight.
const SETTLED_MS = 400; // after Gradio's own scrolling to the end
let wasBusy = false;

function tidy() {
  const chat = document.querySelector("#right");
  for (const said of chat.querySelectorAll("[data-testid][aria-label]")) said.removeAttribute("aria-label");
  for (const title of chat.querySelectorAll(".thought-group > .title")) {
    title.setAttribute("aria-expanded", title.classList.contains("expanded"));
  }
}

function watchDialogue() {
  const place = document.querySelector("#right"); // not there yet when this script runs
  if (!place) return requestAnimationFrame(watchDialogue);
  new MutationObserver(tidy).observe(place, { childList: true, subtree: true });
}

watchDialogue();

function showQuestion() {
  const asked = [...document.querySelectorAll("#chat .user-row")].at(-1);
  const log = asked?.closest(".bubble-wrap");
  const above = log ? log.getBoundingClientRect().top - asked.getBoundingClientRect().top : 0;
  if (above > 0) log.scrollBy({ top: -above - 12, behavior: "smooth" });
}

document.addEventListener("regions-drawn", () => {
  if (wasBusy && !scene.busy) setTimeout(showQuestion, SETTLED_MS);
  wasBusy = Boolean(scene.busy);
});
