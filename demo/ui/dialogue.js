// Mends what Gradio's chat does to people who do not see it: labels that repeat the text as Markdown
// source, and headings of parts that do not say whether they are open.
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
