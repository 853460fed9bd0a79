// A page that is loaded again has in its message what was there, or what was being answered, and is about the part that
// was chosen. This tab remembers it while it is loaded again, and nobody else does.
import { exists, onChange, state } from "../canvas/state.js";
import { lookCloser } from "../canvas/acts.js";
import { tell } from "../canvas/voice.js";
import { replaceTyped, typed } from "../shared/message.js";
import { storage, whenThere } from "../shared/nodes.js";

const LEFT = "regionreasoner.left";
const left = storage((items) => JSON.parse(items.getItem(LEFT) || "{}"), "sessionStorage") || {};
let isWaiting = Boolean(left.picture); // for the picture to be there again

function remember() {
  const { asked, within, picture } = state.scene;
  const words = [asked, typed()].filter(Boolean).join("\n");
  const now = { words, asked, within, picture: picture?.path };
  storage((items) => items.setItem(LEFT, JSON.stringify(now)), "sessionStorage");
}

function putBack() {
  const { picture } = state.scene;
  if (!isWaiting || !picture) return;
  isWaiting = false;
  // Not at once: the value that is being drawn would be taken for the answer.
  if (picture.path === left.picture) requestAnimationFrame(askAsBefore);
}

function askAsBefore() {
  const { name, box } = left.within || {};
  if (box) lookCloser(() => name && exists(name) ? { region: name } : { box }, sayWhy);
  else sayWhy();
}

// After what is said of the part, or that would take its place.
function sayWhy() {
  if (left.asked) tell("Your question was not answered: it is in the message again.");
}

addEventListener("pagehide", remember);
storage((items) => items.removeItem(LEFT), "sessionStorage"); // what is left once is not left twice
whenThere("#message textarea", () => {
  if (left.words && !typed()) replaceTyped(0, 0, left.words);
});
onChange(["drawn"], putBack);
