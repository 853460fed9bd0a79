// Looking closer: the part of the picture that a look is at, or that is pointed at in the dialogue, is framed and
// the rest a little dark; the part that the next question is about has a frame alone.
import { newRegion, onChange, pictureSize, state } from "./state.js";
import { overlay, stage, view } from "./parts.js";
import { act, lookCloser } from "./acts.js";
import { edges } from "./geometry.js";
import { regionMeant } from "./only.js";
import { middleOfView, onLayout, scaleToFit, zoomTo } from "./view.js";
import { say, tell } from "./voice.js";
import { focusField } from "../shared/hand.js";
import { message } from "../shared/message.js";
import { one, shape } from "../shared/nodes.js";

/** @typedef {import("./scene.d.ts").Box} Box */

const ROOM = 60; // screen pixels that the words about a look take
const FILLED = 0.85; // how much of the view a part takes that is zoomed to
const layer = shape("svg", { class: "closer", "aria-hidden": "true" });
let drawn = ""; // what is framed, as text
let looking = ""; // the look that was spoken of last
/** @type {{ zoom: number, left: number, top: number, box: Box, at: number } | null} */
let before = null; // how the picture was shown before a part was zoomed to, and at which zoom the part is

// The frame ------------------------------------------------------------------------------------------

function drawCloser() {
  const { part, scene: { picture, look, within } } = state;
  const box = part || look || within?.box;
  const wanted = picture && box ? JSON.stringify([box, Boolean(part || look), !part && Boolean(look)]) : "";
  if (wanted === drawn) return;
  drawn = wanted;
  layer.replaceChildren(...(wanted && box ? framed(box) : []));
  layer.classList.toggle("dim", Boolean(part || look));
  layer.classList.toggle("busy", !part && Boolean(look));
  makeRoom();
}

// What is being done is said at the lower edge, unless that would lie on the part that is being looked at.
function makeRoom() {
  const bounds = layer.matches(".busy") && one(".frame", layer)?.getBoundingClientRect();
  const { top, bottom } = stage.getBoundingClientRect();
  stage.toggleAttribute("data-look-low", Boolean(bounds) && bounds.bottom > bottom - ROOM && bounds.top > top + ROOM);
}

/** @param {Box} box */
function framed(box) {
  const [[width, height], [x1, y1, x2, y2]] = [pictureSize(), box];
  layer.setAttribute("viewBox", `0 0 ${width} ${height}`);
  return [
    shape("path", { class: "rest", d: `M0 0H${width}V${height}H0ZM${x1} ${y1}V${y2}H${x2}V${y1}Z` }),
    shape("rect", { class: "casing", ...edges(box) }),
    shape("rect", { class: "frame", ...edges(box) }),
  ];
}

// Those who do not see the frame hear of each look when it begins.
function speakOfLook() {
  const { look, busy } = state.scene;
  const now = look ? String(look) : "";
  if (now && now !== looking) say(busy);
  looking = now;
}

// Zooming there --------------------------------------------------------------------------------------

/** Zoom to a part, or back from it. @param {Box} box */
export function zoomToPart(box) {
  const there = isThere() && before;
  if (there && String(there.box) === String(box)) return leavePart();
  const { zoom, left, top } = there || { zoom: state.zoom, left: view.scrollLeft, top: view.scrollTop };
  const [{ width, height }, [x1, y1, x2, y2]] = [view.getBoundingClientRect(), box];
  const scale = FILLED * Math.min(width / (x2 - x1), height / (y2 - y1));
  zoomTo(Math.max(1, scale / scaleToFit()), middleOfView(), [(x1 + x2) / 2, (y1 + y2) / 2]);
  before = { zoom, left, top, box, at: state.zoom };
  if (there || hasMoved(before)) {
    return say("The picture is zoomed to this part. Once more, or Escape, shows it as before.");
  }
  before = null;
  tell("The view shows this part already, as large as it can be.");
}

function hasMoved({ zoom, left, top }) {
  return [state.zoom, view.scrollLeft, view.scrollTop].some((now, i) => Math.abs(now - [zoom, left, top][i]) > 0.01);
}

/** Show the picture as before a part was zoomed to; whether one was. */
export function leavePart() {
  const there = isThere() && before;
  before = null;
  if (!there) return false;
  zoomTo(there.zoom);
  view.scrollTo({ left: there.left, top: there.top, behavior: "instant" });
  return true;
}

// Whoever has zoomed elsewhere since is not led back.
function isThere() {
  return before !== null && before.at === state.zoom;
}

// Asking about a part --------------------------------------------------------------------------------

/** Ask about a region only, next; of one that is on its way, `nameNow` says how it is called. */
export function askCloser(nameNow) {
  const name = typeof nameNow === "function" ? nameNow : () => nameNow;
  lookCloser(() => name() ? { region: name() } : null, () => {
    if (state.scene.within?.name === name()) focusField(message(), stage);
  });
}

/** The same about the region that a key means. */
export function askMeantCloser() {
  const region = regionMeant();
  if (region) askCloser(region.id);
  else tell("Point at a region first, or go there with Tab, then press K.");
}

// The message asks so: its component may be there before the picture's, so it says it by the state.
function askWhole() {
  lookCloser(() => ({}), () => focusField(message(), stage));
}

/** Make a region of a part. @param {Box} box */
export function makeRegion(box) {
  const { next } = state.scene;
  act({ kind: "box", box }, { box }, () => {
    const region = newRegion(Number(next.slice(1)) - 1);
    if (region) tell(`${region.id} was made of this part. Undo takes it back.`);
  });
}

overlay.before(layer);
onChange(["drawn", "part"], drawCloser);
onLayout(makeRoom);
onChange(["drawn"], speakOfLook);
onChange(["wholeAsked"], askWhole);
