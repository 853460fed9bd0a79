// One line above the message: what to do, or what could not be done; beside it, what the message cites.
const line = element.querySelector(".hint");
const cites = element.querySelector(".cites");
const CITED = /\bR\d+(?:\.\d+)?\b/gi;

function write() {
  const { text = "", level = "hint" } = props.value || {};
  line.textContent = text;
  line.dataset.level = level;
  line.setAttribute("role", level === "error" ? "alert" : "status");
}

function known(name) {
  return document.querySelector(`#canvas [data-region="${name}"], #canvas [data-object="${name}"]`);
}

function showCited(text) {
  const names = [...new Set((text.match(CITED) || []).map((name) => name.toUpperCase()))];
  cites.replaceChildren(...names.map(chip));
}

function chip(name) {
  const made = document.createElement("span");
  const place = known(name);
  made.className = place ? "mark" : "mark unknown";
  made.textContent = place ? name : `${name}?`;
  if (place) made.dataset.tone = place.dataset.tone;
  else made.title = `There is no ${name} on this picture.`;
  return made;
}

document.addEventListener("input", (event) => {
  if (event.target.closest("#message")) showCited(event.target.value);
});
// The message is emptied from outside, without an event, when a turn begins; regions come when it ends.
document.addEventListener("regions-drawn", () => showCited(document.querySelector("#message textarea")?.value || ""));
watch("value", write);
write();
