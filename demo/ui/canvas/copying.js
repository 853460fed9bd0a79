// Copy, paste and duplicate: Ctrl+C, V and D at the picture. What is copied is kept in this tab, for the next picture
// too, and goes to the clipboard as a text that people can read.
import { pictureSize, regionsOf, state } from "./state.js";
import { element } from "./parts.js";
import { act } from "./acts.js";
import { chooseNew, chosenOrMeant, isAtCanvas } from "./chosen.js";
import { aside, onPicture, shapesIn, textOf } from "./copied.js";
import { tell } from "./voice.js";
import { copyText } from "../shared/clipboard.js";
import { isTyping, one } from "../shared/nodes.js";

const FIRST = "Choose a region first, or point at one.";
let kept = null; // what was copied: { text, shapes, ids, size, picture, times: how often it was pasted here }

/** Keep the regions that are chosen or meant; the text of them, empty where there are none. */
function keep() {
  const regions = chosenOrMeant();
  if (!regions.length) return "";
  const shapes = regions.map(({ title, objects }) => ({ label: title, boxes: objects.map(({ box }) => box) }));
  const ids = regions.map(({ id }) => id);
  kept = { text: textOf(regions), shapes, ids, size: pictureSize(), picture: state.scene.picture?.path, times: 0 };
  tell(`Copied ${ids.length === 1 ? ids[0] : `${ids.length} regions`}. Paste it here or on another picture.`);
  return kept.text;
}

/** Copy what is chosen or meant, without the keyboard. */
export async function copyChosen() {
  const text = keep();
  if (text) await copyText(text, element);
  else tell(FIRST);
}

/** Whether something was copied in this tab. */
export function hasCopied() {
  return kept !== null;
}

/** Paste what was copied in this tab: a little beside, or on another picture in its place. */
export function pasteKept() {
  const { ids, size, picture, shapes } = kept;
  const isHere = picture === state.scene.picture?.path;
  kept.times += isHere ? 1 : 0;
  if (isHere && regionsOf(ids).length === ids.length) return copyAll(regionsOf(ids), kept.times);
  addShapes(onPicture(shapes, size, pictureSize()));
}

/** Add a copy of what is chosen or meant, a little beside it. */
export function duplicate() {
  const regions = chosenOrMeant();
  if (regions.length) copyAll(regions, 1);
  else tell(FIRST);
}

function copyAll(regions, times) {
  const boxes = regions.flatMap(({ objects }) => objects.map(({ box }) => box));
  const [dx, dy] = aside(boxes, pictureSize());
  act({ kind: "copy_all", regions: regions.map(({ id }) => id), by: [times * dx, times * dy] }, null, chooseNew());
}

function addShapes(shapes) {
  const [first] = shapes[0].boxes;
  act({ kind: "shapes", shapes }, { box: first }, chooseNew());
}

function onCopy(event) {
  const selected = getSelection();
  if (event.defaultPrevented || isTyping(event) || (selected && !selected.isCollapsed) || !isAtCanvas()) return;
  const text = state.scene.picture ? keep() : "";
  if (!text) return;
  event.clipboardData.setData("text/plain", text);
  event.preventDefault();
}

function onPaste(event) {
  const { clipboardData } = event;
  if (event.defaultPrevented || isTyping(event) || !state.scene.picture || clipboardData.files.length) return;
  const text = clipboardData.getData("text/plain").replaceAll("\r\n", "\n");
  const shapes = shapesIn(text);
  if (kept?.text === text) pasteKept();
  else if (shapes) addShapes(onPicture(shapes, pictureSize(), pictureSize()));
  else return;
  event.preventDefault();
}

function onKey(event) {
  const { key, ctrlKey, metaKey, shiftKey, altKey } = event;
  if (!(ctrlKey || metaKey) || shiftKey || altKey || key.toLowerCase() !== "d") return;
  if (event.defaultPrevented || isTyping(event) || one("dialog[open]") || !state.scene.picture || !isAtCanvas()) return;
  event.preventDefault();
  duplicate();
}

document.addEventListener("copy", onCopy);
document.addEventListener("paste", onPaste);
document.addEventListener("keydown", onKey);
