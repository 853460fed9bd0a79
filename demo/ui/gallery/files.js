// Every way to give pictures and dialogues ends in the one file input of #upload: choose, paste, drag and drop.
import { element, stage } from "../canvas/parts.js";
import { tell } from "../canvas/voice.js";
import { seriesOf } from "../folder/series.js";
import { begin, state as series } from "../folder/state.js";
import { closest, FINGERS } from "../shared/nodes.js";
import { giveFiles, listOf, upload } from "../shared/upload.js";
import { areNames, tooMuch } from "./file_rules.js";

const A_LINK = "This is a link, not a picture. Copy the picture itself and paste it, or drop its file.";
const NO_FILES = "There is nothing in this folder that can be opened.";
const NOT_READ = "The browser cannot read this folder. Drop the files in it instead.";
const PICTURES = "image/*,.heic,.heif,.hif,.avif,.jp2";
const OTHERS = ".zip,.json,.geojson,.xml,.yaml,.yml,.txt,.names,.csv"; // dialogues, and labels of other tools
const MAX_FOUND = 20_000; // files of a folder that are looked at
let isOwn = false; // whether it is a part of this page that is being dragged

// A phone offers its camera for pictures only.
document.addEventListener("click", (event) => {
  if (closest(event, "#upload, [data-choose]")) upload().accept = FINGERS.matches ? PICTURES : `${PICTURES},${OTHERS}`;
}, true);

// Several pictures are gone through one by one. They are sent when they are opened, but for a few where dialogues
// are kept, which go together and are kept. What is too much is refused before it travels, whichever way it came.
document.addEventListener("change", (event) => {
  if (event.target !== upload()) return;
  const files = [...upload().files];
  const why = tooMuch(files);
  const found = files.map((file) => ({ file, path: file.name }));
  const { items, left } = seriesOf(found);
  const isSeries = items.length > 1;
  const isSent = !why && (series.keeps || left > 0);
  if (isSeries) begin(found, "", isSent);
  if (isSeries && isSent && !left) upload().files = listOf(items.map(({ file }) => file));
  if (isSeries ? isSent : !why) return;
  event.stopImmediatePropagation();
  upload().value = "";
  if (!isSeries) tell(why);
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
  const only = entries.length === 1 ? entries[0] : null;
  Promise.all(entries.map((entry, i) => (entry?.isDirectory ? filesOf(entry, only ? "" : `${entry.name}/`) : [
    { file: files[i], path: files[i]?.name },
  ])))
    .then((found) => found.flat().filter(({ file }) => file))
    .then((found) => giveFound(found, only?.name || ""), () => tell(NOT_READ));
}

// A few files of one folder go as if they had been dropped themselves.
function giveFound(found, name) {
  const files = found.map(({ file }) => file);
  const isFlat = found.every(({ path }) => !path.includes("/"));
  const isFew = isFlat && !tooMuch(files);
  if (!files.length) tell(NO_FILES);
  else if (isFew || !seriesOf(found).items.length) giveFiles(files);
  else begin(found, name);
}

// The files in a folder and those in it, without hidden ones, with their paths.
async function filesOf(folder, path, found = []) {
  const reader = folder.createReader();
  const entries = [];
  for (let some = await read(reader); some.length; some = await read(reader)) entries.push(...some);
  for (const entry of entries.filter(({ name }) => !name.startsWith("."))) {
    if (found.length >= MAX_FOUND) break;
    if (entry.isDirectory) await filesOf(entry, `${path}${entry.name}/`, found);
    else found.push({ file: await new Promise((done, failed) => entry.file(done, failed)), path: path + entry.name });
  }
  return found;
}

function read(reader) {
  return new Promise((done, failed) => reader.readEntries(done, failed));
}

element.addEventListener("click", (event) => {
  if (closest(event, "[data-choose]")) upload().click();
});
