// Every way to give a picture ends in the one file input of #upload: choose, paste, drag and drop.

const input = () => document.querySelector("#upload input[type=file]");

// A phone offers its camera for pictures only.
document.addEventListener("click", (event) => {
  if (event.target.closest("#upload, [data-choose]")) input().accept = "image/*";
}, true);

function pictureIn(transfer) {
  const files = [...(transfer?.files || [])];
  return files.find((file) => file.type.startsWith("image/")) || files[0] || null;
}

function give(file) {
  const carried = new DataTransfer();
  carried.items.add(file);
  input().files = carried.files;
  input().dispatchEvent(new Event("change", { bubbles: true }));
}

function holdsFiles(event) {
  return [...(event.dataTransfer?.types || [])].includes("Files");
}

document.addEventListener("paste", (event) => {
  const file = pictureIn(event.clipboardData);
  if (!file || event.clipboardData.getData("text/plain")) return;
  event.preventDefault();
  give(file);
});

document.addEventListener("dragover", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  stage.classList.add("dropping");
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) stage.classList.remove("dropping");
});

document.addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  stage.classList.remove("dropping");
  const file = pictureIn(event.dataTransfer);
  if (file) give(file);
});

// A dialogue's file, from the panel of dialogues.
document.addEventListener("give-file", (event) => give(event.detail));

element.addEventListener("click", (event) => {
  if (event.target.closest("[data-choose]")) input().click();
});

new ResizeObserver(layout).observe(view);
watch("value", draw);
draw();
