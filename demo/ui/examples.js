// The examples as cards; a click asks the page to open that one. Open below the empty canvas,
// and behind the button "Examples" once there is a picture.
const list = element.querySelector(".examples-list");
const block = element.closest("#examples") || element;

function card(example, index) {
  const made = document.createElement("button");
  const image = document.createElement("img");
  const title = document.createElement("b");
  made.type = "button";
  made.dataset.index = index;
  image.src = example.picture.url;
  image.alt = "";
  title.textContent = example.title;
  made.append(image, title);
  if (example.note) made.append(Object.assign(document.createElement("span"), { textContent: example.note }));
  return made;
}

function write() {
  list.replaceChildren(...(props.value || []).map(card));
}

function toggle(open) {
  block.classList.toggle("open", open);
  document.querySelector("#show-examples")?.setAttribute("aria-expanded", block.classList.contains("open"));
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#show-examples")) return toggle();
  const chosen = event.target.closest("[data-index]");
  if (chosen && list.contains(chosen)) trigger("choose", { index: Number(chosen.dataset.index) });
  if (chosen || !block.contains(event.target)) toggle(false);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") toggle(false);
});
watch("value", write);
write();
