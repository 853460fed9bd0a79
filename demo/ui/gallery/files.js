// Every way to give pictures and dialogues ends in the one file input of #upload: choose, paste, drag and drop.
import { element, stage } from "../canvas/parts.js";
import { tell } from "../canvas/voice.js";
import { giveFiles, upload } from "../shared/upload.js";
import { closest, FINGERS } from "../shared/nodes.js";
import { areNames, tooMuch } from "./file_rules.js";

const A_LINK = "This is a link, not a picture. Copy the picture itself and paste it, or drop its file.";
const NO_FILES = "There is nothing in this folder that can be opened.";
const NOT_READ = "The browser cannot read this folder. Drop the files in it instead.";
const PICTURES = "image/*,.heic,.heif,.hif,.avif,.jp2";
const OTHERS = ".zip,.json,.geojson,.xml,.yaml,.yml,.txt,.names,.csv"; // dialogues, and labels of other tools
let isOwn = false; // whether it is a part of this page that is being dragged

// A phone offers its camera for pictures only.
document.addEventListener("click", (event) => {
  if (closest(event, "#upload, [data-choose]")) upload().accept = FINGERS.matches ? PICTURES : `${PICTURES},${OTHERS}`;
}, true);

// What is too much is refused before it travels, whichever way it came.
document.addEventListener("change", (event) => {
  if (event.target !== upload()) return;
  const why = tooMuch([...upload().files]);
  if (!why) return;
  event.stopImmediatePropagation();
  upload().value = "";
  tell(why);
}, true);

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files || [])];
  const text = event.clipboardData?.getData("text/plain") || "";
  if (!files.length || (text && !areNames(text, files))) return;
  event.preventDefault();
  giveFiles(files);
});

// Dragging --------------------------------------------------------------------------------------------

function holds({ dataTransfer }, kind) {
  return [...(dataTransfer?.types || [])].includes(kind);
}

// A link that is dropped beside a text box would take the page's place.
function isLink(event) {
  return holds(event, "text/uri-list") && !closest(event, "textarea, input");
}

document.addEventListener("dragstart", () => {
  isOwn = true;
});
// (None of these come while something is dragged.)
for (const over of ["dragend", "pointermove", "pointerdown"]) {
  document.addEventListener(over, () => {
    isOwn = false;
  });
}

document.addEventListener("dragover", (event) => {
  if (!holds(event, "Files") && !isLink(event)) return;
  event.preventDefault();
  if (!isOwn && holds(event, "Files")) stage.classList.add("dropping");
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) stage.classList.remove("dropping");
});

document.addEventListener("drop", (event) => {
  if (!holds(event, "Files") && !isLink(event)) return;
  event.preventDefault();
  stage.classList.remove("dropping");
  if (isOwn) return;
  if (event.dataTransfer?.files.length) giveDropped(event.dataTransfer);
  else tell(A_LINK);
});

function giveDropped(transfer) {
  const files = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()); // now: they are gone after this event
  if (!entries.some((entry) => entry?.isDirectory)) return giveFiles(files);
  Promise.all(entries.map((entry, i) => (entry?.isDirectory ? filesOf(entry) : [files[i]])))
    .then((found) => found.flat().filter(Boolean))
    .then((found) => (found.length ? giveFiles(found) : tell(NO_FILES)), () => tell(NOT_READ));
}

// The files right in a folder, without hidden ones.
async function filesOf(folder) {
  const reader = folder.createReader();
  const found = [];
  for (let some = await read(reader); some.length; some = await read(reader)) found.push(...some);
  const wanted = found.filter(({ isFile, name }) => isFile && !name.startsWith("."));
  return Promise.all(wanted.map((entry) => new Promise((done, failed) => entry.file(done, failed))));
}

function read(reader) {
  return new Promise((done, failed) => reader.readEntries(done, failed));
}

element.addEventListener("click", (event) => {
  if (closest(event, "[data-choose]")) upload().click();
});
