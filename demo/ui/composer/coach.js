// Three steps for a first visit, each ticked off when it is done: a strip above the dialogue that goes
// with the last one or with ×, and never comes back.
import { exists, onChange, state } from "../canvas/state.js";
import { message, namesTyped } from "../shared/message.js";
import { buttonNode, forHands, icon, node, storage, whenThere } from "../shared/nodes.js";

const STEPS = ["Open a picture or an example", "Ask for something", "Click what was found to cite it"];
const LEARNT = "regionreasoner-coach";
const FAREWELL_MS = 6000;
let coach = null;
let reached = 0; // how many steps are done

function learnt() {
  return storage((items) => items.getItem(LEARNT)) !== null; // where it is forbidden the strip comes with every visit
}

function endCoach() {
  storage((items) => items.setItem(LEARNT, "done"));
  coach?.remove();
  coach = null;
}

function drawCoach() {
  const done = reached === STEPS.length;
  const steps = STEPS.map(forHands).map((step, i) =>
    node(
      "li",
      {
        class: i < reached ? "done" : null,
        "aria-current": i === reached ? "step" : null,
        title: step,
      },
      node("i", { "aria-hidden": "true" }, i < reached ? icon("check") : String(i + 1)),
      node("span", {}, i < reached ? `${step}: done` : step),
    )
  );
  const close = buttonNode({ "aria-label": "Close the first steps", title: "Close" }, icon("close"));
  close.addEventListener("click", endCoach);
  coach.replaceChildren(
    node("ol", {}, ...steps),
    node("p", { role: "status" }, done ? "That is all. Go on like this." : ""),
    close,
  );
}

function stepsDone() {
  if (!state.scene.picture) return 0;
  if (!state.scene.regions.length) return 1; // asked is not found
  return [...namesTyped()].some(exists) ? 3 : 2;
}

function teach() {
  const now = coach ? stepsDone() : 0;
  if (now <= reached) return;
  reached = now;
  drawCoach();
  if (reached === STEPS.length) setTimeout(endCoach, FAREWELL_MS);
}

function beginCoach(place) {
  coach = node("section", { class: "coach", "aria-label": "First steps" });
  place.prepend(coach);
  drawCoach();
  teach();
}

if (!learnt()) whenThere("#right", beginCoach);
onChange(["drawn"], teach);
document.addEventListener("input", (event) => event.target === message() && teach());
