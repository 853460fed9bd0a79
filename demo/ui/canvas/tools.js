// The tools on the picture: which one is in hand, its keys, what it says, and the acts it sends.
// How each tool works is in drawing.js (box, point), correct.js and aim.js (without a mouse).

const TOOL_KEYS = { v: "select", b: "box", p: "point", c: "correct" };
const FIRST_WORDS = {
  box: "Drag a box around something",
  point: forHands("Click something to outline it"),
  correct: forHands("Click a region to correct it"),
};
const SPOKEN_TOOLS = {
  select: "Select: Enter cites a region.",
  box: "Box: move the crosshair with the arrow keys, Enter sets a corner.",
  point: "Point: move the crosshair with the arrow keys, Enter outlines what is there.",
  correct: "Correct: press Tab to get to a region, then the arrow keys move it.",
};
const PILL_ROOM = 70; // screen pixels
const WAITED_MS = 60000; // an answer that has not come by then is lost with its connection
const toolButtons = [...element.querySelectorAll("button[data-tool]")];
const pill = stage.querySelector(".pill");
const spoken = element.querySelector(".spoken");
let tool = "select";
let plus = true; // what a click marks: part of the object, or not part of it

function setTool(name) {
  endTool();
  tool = name;
  stage.dataset.tool = name;
  stage.tabIndex = name === "box" || name === "point" ? 0 : -1;
  // Where arrow keys draw, a screen reader has to let them through.
  stage.setAttribute("role", stage.tabIndex === 0 ? "application" : "group");
  for (const button of toolButtons) button.setAttribute("aria-pressed", button.dataset.tool === name);
  showPill();
  document.dispatchEvent(new CustomEvent("tool-changed", { detail: name }));
}

function takeTool(name) {
  const region = document.activeElement?.closest?.("#canvas [data-object]")?.dataset.object;
  setTool(name);
  say(SPOKEN_TOOLS[name]);
  if (name === "correct" && region) takeHold(region);
  else if (name !== "select") stage.focus({ preventScroll: true });
}

function endTool() {
  cancelPress();
  endMaking();
  letGo();
  hideAim();
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.tool) takeTool(button.dataset.tool);
  if (button?.dataset.sign) setSign(button.dataset.sign === "+");
  if (button?.matches("[data-done]")) done();
});

// A region that was corrected is done with; points go on to the next thing.
function done() {
  finish();
  if (tool === "correct") takeTool("select");
}

function setSign(positive) {
  plus = positive;
  showPill();
}

function finish() {
  if (making) endMaking();
  else if (held) letGo();
  else return false;
  stage.focus({ preventScroll: true });
  return true;
}

// The pill says what to do with the tool; once there is something that clicks refine, what they mark.
function showPill() {
  const clicking = marks.has(inHand());
  if (!inHand()) plus = true;
  pill.hidden = tool === "select" || Boolean(making && !clicking);
  pill.classList.toggle("clicking", clicking);
  pill.querySelector(".pill-text").textContent = clicking ? "" : FIRST_WORDS[tool] || "";
  for (const button of pill.querySelectorAll("[data-sign]")) {
    button.setAttribute("aria-pressed", (button.dataset.sign === "+") === plus);
  }
  // Above, when what is in hand lies where the pill would be.
  const bottom = marks.get(inHand())?.group.getBoundingClientRect().bottom;
  stage.toggleAttribute("data-low", bottom > stage.getBoundingClientRect().bottom - PILL_ROOM);
}

// The name of the object that is being made or corrected, if any.
function inHand() {
  return held || making?.object || null;
}

function say(text) {
  spoken.textContent = spoken.textContent === text ? `${text}\u00a0` : text; // said again, too
}

// Acts ---------------------------------------------------------------------------------------------
// One at a time: the next goes when the server has answered the one before (`serial` has changed).

const acts = []; // {change: () => act or null, sketch, then}; the first is under way once `sentAt` is set
let sentAt = null; // the serial when it went
let waited = 0;

function act(change, sketch = null, then = () => {}) {
  acts.push({ change: typeof change === "function" ? change : () => change, sketch, then });
  sendAct();
}

function sendAct() {
  while (acts.length && sentAt === null) {
    const change = acts[0].change();
    if (!change) {
      acts.shift();
      continue;
    }
    sentAt = scene.serial ?? 0;
    waited = setTimeout(endAct, WAITED_MS);
    trigger("act", change);
  }
  drawDraft();
  drawBusy();
}

function actAnswered() {
  if (sentAt !== null && (scene.serial ?? 0) !== sentAt) endAct();
}

function endAct() {
  clearTimeout(waited);
  sentAt = null;
  acts.shift().then();
  sendAct();
}

function outlining() {
  return acts.some(({ sketch }) => sketch);
}

// Keys ---------------------------------------------------------------------------------------------

function typing(target) {
  return Boolean(target.closest?.("textarea, select, [contenteditable=''], [contenteditable=true], input:not([type=range])"));
}

function onToolKey(event) {
  if (event.defaultPrevented || !scene.picture || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (!(aimKey(event) || correctKey(event) || plainKey(event))) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // what ends a tool does not also stop a turn
}

function plainKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const key = event.key.toLowerCase();
  if (key in TOOL_KEYS) takeTool(TOOL_KEYS[key]);
  else if (key in ZOOM_KEYS) ZOOMS[ZOOM_KEYS[key]]();
  else if (key === "delete" || key === "backspace") return deleteFocused();
  else if (key === "enter") return !event.target.closest?.("button, a, summary, [role=button]") && finish();
  else if (key === "escape") return escape();
  else return false;
  return true;
}

// One step back: a drag, a corner, an object in hand, the tool.
function escape() {
  if (cancelPress() || dropCorner() || finish()) return true;
  if (tool === "select") return false;
  takeTool("select");
  return true;
}

function deleteFocused() {
  const place = document.activeElement?.closest?.("#canvas [data-region], #regions [data-region]");
  const region = inHand()?.split(".")[0] || place?.dataset.region;
  if (!region) return false;
  const next = neighbour(inHand() || objectOf(region), 1)?.dataset.object;
  letGo();
  endMaking();
  act({ kind: "delete", region }, null, () => {
    if (scene.regions.some(({ id }) => id === region)) return;
    say(`${region} was deleted. Undo brings it back.`);
    if (document.activeElement === document.body) (objectNode(next) || stage).focus({ preventScroll: true });
  });
  return true;
}

function objectOf(region) {
  return scene.regions.find(({ id }) => id === region)?.objects[0].id;
}

document.addEventListener("keydown", onToolKey);
