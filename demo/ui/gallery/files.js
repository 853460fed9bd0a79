// Every way to give a picture ends in the one file input of #upload: choose, paste, drag and drop.
import { element, stage } from "../canvas/parts.js";
import { giveFile, upload } from "../shared/upload.js";
import { closest } from "../shared/nodes.js";

// A phone offers its camera for pictures only.
document.addEventListener("click", (event) => {
  if (closest(event, "#upload, [data-choose]")) upload().accept = "image/*,.heic,.heif,.hif,.avif,.jp2";
}, true);

function pictureIn(transfer) {
  const files = [...(transfer?.files || [])];
  return files.find((file) => file.type.startsWith("image/")) || files[0] || null;
}

function holdsFiles({ dataTransfer }) {
  return [...(dataTransfer?.types || [])].includes("Files");
}

document.addEventListener("paste", (event) => {
  const file = pictureIn(event.clipboardData);
  if (!file || event.clipboardData?.getData("text/plain")) return;
  event.preventDefault();
  giveFile(file);
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
  if (file) giveFile(file);
});

element.addEventListener("click", (event) => {
  if (closest(event, "[data-choose]")) upload().click();
});
