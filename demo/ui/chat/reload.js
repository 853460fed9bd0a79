// Once the picture is there again after a reload, the message has what was typed, or what was being answered, and is
// about the part that was chosen. This tab remembers it with the picture, so whoever cannot have that, after another
// login, does not get it either.
import { exists, onChange, state } from "../canvas/state.js";
import { lookCloser } from "../canvas/acts.js";
import { tell } from "../canvas/voice.js";
import { replaceTyped, typed } from "../shared/message.js";
import { storage } from "../shared/nodes.js";

const LEFT = "regionreasoner.left";
let left = storage((items) => JSON.parse(items.getItem(LEFT) || "null"), "sessionStorage");

function remember() {
  const { asked, within, picture } = state.scene;
  const words = [asked, typed()].filter(Boolean).join("\n");
  const now = picture ? { words, asked, within, picture: picture.path } : left;
  storage((items) => items.setItem(LEFT, JSON.stringify(now)), "sessionStorage");
}

function onPicture() {
  const { picture } = state.scene;
  if (!left || !picture) return;
  const former = left;
  left = null;
  // Not at once: the value that is being drawn would be taken for the answer.
  if (picture.path === former.picture) requestAnimationFrame(() => putBack(former));
}

function putBack({ words, asked, within }) {
  if (words && !typed()) replaceTyped(0, 0, words);
  const { name, box } = within || {};
  // After what is said of the part, or that would take its place.
  const sayWhy = () => asked && tell("Your question was not answered: it is in the message again.");
  if (box) lookCloser(() => name && exists(name) ? { region: name } : { box }, sayWhy);
  else sayWhy();
}

addEventListener("pagehide", remember);
onChange(["drawn"], onPicture);
