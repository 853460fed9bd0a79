// Draws the picture and its regions from the component's value. The template holds no data: nodes are made by
// nodes.js, listeners are set once by delegation, so updates never take away listeners or the keyboard's place.
// The order of the modules is the order in which they hear of a change, and of a click.
import { change, onChange, outlines, state } from "./state.js";
import { element, image, overlay, props, stage, trigger, watch } from "./parts.js";
import { actAnswered } from "./acts.js";
import { drawAsides } from "./asides.js";
import { drawCards } from "./cards.js";
import { lightAgain } from "./cite.js";
import { drawBusy, drawDraft } from "./draft.js";
import { placeTags } from "./labels.js";
import { drawMarks, marks } from "./marks.js";
import { setTool } from "./tool.js";
import { layout, onLayout, scaleNow } from "./view.js";
import { alarm, say } from "./voice.js";
import "./touch.js";
import "./tools.js";
import "./steps.js";
import "./keys.js";
import "./copying.js";
import "./more_tools.js";
import "../chat/accessibility.js";
import "../chat/focus.js";
import "../chat/headings.js";
import "../chat/report.js";
import "../chat/reload.js";
import "../chat/turns.js";
import "../chat/look_rows.js";
import "../chat/pointers.js";
import "../gallery/files.js";
import "../folder/voice.js";
import "../shared/first_view.js";
import "../shared/screen.js";
import "../shared/tips.js";
import { onAnswer } from "../shared/answers.js";
import { one } from "../shared/nodes.js";

const MANY = 40; // from so many regions on, lines are thinner
let drawn = ""; // what stands on the page, as text, to draw again only what changed
let heard = 0; // the value that was spoken of last
let asked = false; // whether the server was asked for outlines that are not here

function draw() {
  const began = performance.now();
  const { outlines: fresh = {}, ...news } = props.value || {};
  for (const [key, path] of Object.entries(fresh)) outlines.set(key, path);
  change({ scene: { ...state.scene, ...news } }); // a running turn sends only what it changes
  const { picture, regions, provisional, tone, asides } = state.scene;
  askForOutlines();
  drawPicture();
  const wanted = JSON.stringify([picture?.path, regions, provisional, tone, asides, outlines.size]);
  if (wanted !== drawn) drawRegions();
  drawn = wanted;
  drawDraft();
  drawBusy();
  change({ drawn: state.drawn + 1 });
  speak(news);
  // How long it took, in milliseconds, is for measurements (tests/bench).
  document.dispatchEvent(new CustomEvent("regions-drawn", { detail: performance.now() - began }));
}

// Gradio brings the last value of a turn twice.
function speak({ serial, said, alarm: failed }) {
  if (!serial || serial === heard) return;
  heard = serial;
  if (said) say(said);
  if (said || failed) alarm(failed); // what failed before is over
}

function drawRegions() {
  stage.toggleAttribute("data-many", state.scene.regions.length > MANY);
  drawMarks();
  drawAsides();
  drawCards();
  lightAgain();
  layout();
}

function drawPicture() {
  const { picture, name, width, height } = state.scene;
  stage.toggleAttribute("data-empty", !picture);
  const url = picture?.url ?? null;
  if (image.getAttribute("src") === url) return;
  change({ zoom: 1 });
  one("#room").scrollTo({ top: 0, behavior: "instant" }); // from the examples, where they scroll with all
  say(""); // what was said of another picture
  setTool("select");
  if (!url) return image.removeAttribute("src");
  image.src = url;
  image.alt = name;
  one("#page").style.setProperty("--aspect", width / height); // what the style sheet makes room for
  overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
}

function askForOutlines() {
  const shown = [...state.scene.regions, ...Object.values(state.scene.asides).flat()];
  const absent = shown.some(({ objects }) => objects.some(({ mask }) => mask && !outlines.has(mask)));
  if (absent && !asked) trigger("missing", {});
  asked = absent; // once: what is still absent after the answer does not exist
}

// The newest regions choose the places of their names first.
function placeAllTags(scale) {
  placeTags([...[...marks.values()].reverse(), ...state.asides], scale);
}

function showAdvice() {
  one(".advice-here", element).textContent = state.advice ?? props.advice;
}

onLayout(placeAllTags);
onChange(["pointedTurn", "step"], () => {
  if (state.scene.picture && drawAsides()) placeAllTags(scaleNow());
});
onChange(["advice"], showAdvice);
showAdvice();
watch("value", draw);
draw();
onAnswer({ props, watch }, actAnswered);
