// The keyboard keeps its place when the dialogue or the buttons below it are drawn anew: it goes on to what took
// the place of what it was on, or else, once nothing runs, to the message.
import { onChange, state } from "../canvas/state.js";
import { message } from "../shared/message.js";
import { all, closest, FINGERS, one, whenThere } from "../shared/nodes.js";

/** What has the keyboard, and how to find what takes its place. @type {{ target: any, successor: () => any } | null} */
let held = null;

function hold(target) {
  if (!closest({ target }, "#right") || target === message() || !target.matches(":focus-visible")) return null;
  const alike = likes(target);
  const place = alike ? alike().indexOf(target) : -1;
  return { target, successor: () => (target.id ? one(`#${CSS.escape(target.id)}`) : alike?.()[place]) };
}

// Links to the same place, or the headings of parts, in the order of the page.
function likes(target) {
  if (target.matches("#chat a")) return () => all("#chat a").filter(({ hash }) => hash === target.hash);
  return target.matches("#chat .title") ? () => all("#chat .title") : null;
}

function goOn() {
  if (!held || held.target.isConnected || document.activeElement !== document.body) return;
  const next = held.successor();
  if (next) next.focus({ preventScroll: true });
  else if (!state.scene.busy && !FINGERS.matches) message()?.focus({ preventScroll: true });
}

document.addEventListener("focusin", ({ target }) => {
  held = hold(target);
});
document.addEventListener("pointerdown", () => {
  held = null; // the hand is elsewhere
});
whenThere("#right", (place) => new MutationObserver(goOn).observe(place, { childList: true, subtree: true }));
onChange(["drawn"], () => requestAnimationFrame(goOn));
