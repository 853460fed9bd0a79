// Three steps for a first visit, each ticked off when it is done: a strip above the dialogue that goes
// with the last one or with ×, and never comes back.
const STEPS = ["Open a picture or an example", "Ask for something", "Click what was found to cite it"];
const LEARNT = "regionreasoner-coach";
const FAREWELL = 6000; // milliseconds
let coach = null;
let reached = 0; // how many steps are done

function learnt() {
  return storage((kept) => kept.getItem(LEARNT)) !== null; // where it is forbidden the strip comes with every visit
}

function endCoach() {
  storage((kept) => kept.setItem(LEARNT, "done"));
  coach?.remove();
  coach = null;
}

function drawCoach() {
  const done = reached === STEPS.length;
  const steps = STEPS.map(forHands).map((step, i) => node("li", {
    class: i < reached ? "done" : null, "aria-current": i === reached ? "step" : null, title: step,
  }, node("i", { "aria-hidden": "true" }, i < reached ? icon("check") : String(i + 1)),
  node("span", {}, i < reached ? `${step}: done` : step)));
  const close = node("button", { type: "button", "aria-label": "Close the first steps", title: "Close" }, icon("close"));
  close.addEventListener("click", endCoach);
  coach.replaceChildren(node("ol", {}, ...steps), node("p", { role: "status" }, done ? "That is all. Go on like this." : ""), close);
}

function stepsDone() {
  if (!scene.picture) return 0;
  if (!scene.regions.length) return 1; // asked is not found
  return mentions(typed()).some((found) => exists(found.name)) ? 3 : 2;
}

function teach() {
  const now = coach ? stepsDone() : 0;
  if (now <= reached) return;
  reached = now;
  drawCoach();
  if (reached === STEPS.length) setTimeout(endCoach, FAREWELL);
}

function beginCoach() {
  const place = document.querySelector("#right"); // not there yet when this script runs
  if (!place) return requestAnimationFrame(beginCoach);
  coach = node("section", { class: "coach", "aria-label": "First steps" });
  place.prepend(coach);
  drawCoach();
  teach();
}

if (!learnt()) beginCoach();
document.addEventListener("scene-known", teach);
document.addEventListener("input", (event) => event.target === message() && teach());
write();
