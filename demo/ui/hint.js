// One line above the message: what to do, or what could not be done; beside it, what the message cites.
// Names are found here; what a word such as "it" means comes from the server with the value (`reads`).
const line = element.querySelector(".hint");
const cites = element.querySelector(".cites");
const CITED = /\bR\d+(?:\.\d+)?\b/gi;

function write() {
  const { text = "", level = "hint" } = props.value || {};
  line.textContent = text;
  line.dataset.level = level;
  line.setAttribute("role", level === "error" ? "alert" : "status");
  showCited();
}

function showCited() {
  const text = document.querySelector("#message textarea")?.value || "";
  const names = [...new Set((text.match(CITED) || []).map((name) => name.toUpperCase()))];
  const reads = text ? props.value?.reads || [] : [];
  cites.replaceChildren(...names.map(chip), ...reads.map(reading));
}

function chip(name) {
  const made = document.createElement("span");
  const place = document.querySelector(`#canvas [data-region="${name}"], #canvas [data-object="${name}"]`);
  made.className = place ? "mark" : "mark unknown";
  made.textContent = place ? name : `${name}?`;
  if (place) made.dataset.tone = place.dataset.tone;
  else made.title = `There is no ${name} on this picture.`;
  return made;
}

function reading([phrase, name]) {
  const made = document.createElement("span");
  made.append(`“${phrase}” is `, chip(name));
  return made;
}

document.addEventListener("input", (event) => {
  if (event.target.closest("#message")) showCited();
});
// The message is emptied from outside, without an event, when a turn begins; regions come when it ends.
document.addEventListener("regions-drawn", showCited);
watch("value", write);
write();
