// Several regions chosen together: by Shift and a click, Ctrl+A, or a frame drawn round them. What is done then is
// done to all of them, as one step for Undo.
import { change, newestNumber, onChange, pictureSize, regionOf, regionsOf, shownObjects, state } from "./state.js";
import { cards, stage } from "./parts.js";
import { act } from "./acts.js";
import { nameOf } from "./cite.js";
import { around, boxBetween, clamp, within } from "./geometry.js";
import { ARROWS, RANK_KEYS } from "./key_tables.js";
import { drawMarks, marks } from "./marks.js";
import { regionMeant } from "./only.js";
import { pan } from "./pan.js";
import { whenToolEnds } from "./tool.js";
import { pictureAt } from "./view.js";
import { say, tell } from "./voice.js";
import { all, closest, isTyping, one } from "../shared/nodes.js";

const QUICK = 10; // pixels of the picture, with Shift
const RESTED_MS = 500;
let resting = 0; // the timer that runs while arrow keys are pressed
/** @type {import("./scene.d.ts").Point} */
let unsent = [0, 0]; // how much of the shift the server was not told yet
let shownOf = ""; // the picture whose regions were ranked

/** Choose these regions, and no others. @param {string[]} ids */
function choose(ids) {
  commit();
  change({ chosen: ids });
  if (ids.length) say(ids.length === 1 ? `${ids[0]} is chosen.` : `${ids.length} regions are chosen.`);
}

/** Choose one more region, or leave it out. @param {string} id */
export function toggleChosen(id) {
  const { chosen } = state;
  choose(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
}

export function chooseAll() {
  choose([...new Set(shownObjects().map(({ region }) => region.id))]);
}

/** The regions that are chosen, else the one that is meant by a key. */
export function chosenOrMeant() {
  const meant = regionMeant();
  return state.chosen.length ? regionsOf(state.chosen) : meant ? [meant] : [];
}

/** Whether the keyboard is at the picture or its list, or nowhere. */
export function isAtCanvas() {
  const { activeElement } = document;
  return activeElement === document.body || stage.contains(activeElement) || cards.contains(activeElement);
}

/** Run `then` with the regions that have come since now; for acts that make some. */
export function chooseNew() {
  const before = newestNumber();
  return () => {
    const fresh = state.scene.regions.filter(({ id }) => Number(id.slice(1)) > before).map(({ id }) => id);
    if (!fresh.length) return;
    choose(fresh);
    tell(fresh.length === 1 ? `${fresh[0]} was added.` : `${fresh.length} regions were added.`);
  };
}

// What is done to all ------------------------------------------------------------------------------

/** Hide all that are chosen; whether there were any. */
export function hideChosen() {
  const regions = taken();
  if (regions.length) act({ kind: "hide_all", regions, hidden: true }, null, () => tell(`${count(regions)} hidden.`));
  return regions.length > 0;
}

/** Delete all that are chosen; whether there were any. */
export function deleteChosen() {
  const regions = taken();
  const told = () => regionsOf(regions).length || tell(`${count(regions)} deleted. Undo brings back all of them.`);
  if (regions.length) act({ kind: "delete_all", regions }, null, told);
  return regions.length > 0;
}

function taken() {
  const regions = state.chosen;
  choose([]);
  return regions;
}

function count(regions) {
  return regions.length === 1 ? `${regions[0]} was` : `${regions.length} regions were`;
}

/** Put those that are chosen or meant before (1) or behind (-1) all others. @param {number} way */
export function rank(way) {
  const regions = chosenOrMeant();
  if (!regions.length) return tell("Choose a region first, or point at one.");
  const known = [0, ...Object.values(state.ranks)];
  const place = way > 0 ? Math.max(...known) + 1 : Math.min(...known) - 1;
  change({ ranks: { ...state.ranks, ...Object.fromEntries(regions.map(({ id }) => [id, place])) } });
  tell(`${regions.map(({ id }) => id).join(", ")}: ${way > 0 ? "before" : "behind"} all others.`);
}

// Moving ---------------------------------------------------------------------------------------------

function nudge([h, v], step) {
  const [left, top, right, bottom] = around(
    regionsOf(state.chosen).flatMap(({ objects }) => objects.map((o) => o.box)),
  );
  const [[width, height], [x, y]] = [pictureSize(), state.shift || [0, 0]];
  const dx = clamp(x + h * step, -left, width - right) - x;
  const dy = clamp(y + v * step, -top, height - bottom) - y;
  unsent = [unsent[0] + dx, unsent[1] + dy];
  change({ shift: [x + dx, y + dy] });
  clearTimeout(resting);
  resting = setTimeout(commit, RESTED_MS);
}

// Sends how far they were moved; they stay drawn there until the answer has come.
function commit() {
  clearTimeout(resting);
  const [by, regions] = [unsent, state.chosen];
  unsent = [0, 0];
  if (!by[0] && !by[1]) return;
  act({ kind: "move_all", regions, by }, null, () => {
    const [x, y] = state.shift || by;
    const left = /** @type {import("./scene.d.ts").Point} */ ([x - by[0], y - by[1]]);
    change({ shift: left[0] || left[1] ? left : null });
    say(`${count(regions)} moved.`);
  });
}

// Pointer --------------------------------------------------------------------------------------------

/** A press without a tool: a frame round regions, where it does not move the picture. */
export function pressSelect(event) {
  const under = closest(event, "[data-object], [data-of]");
  const mayFrame = event.pointerType !== "touch" && (event.shiftKey || (!under && state.zoom <= 1));
  const tap = () => under || event.shiftKey || choose([]);
  if (!mayFrame) return { ...pan(event), tap };
  const from = pictureAt(event.clientX, event.clientY);
  return {
    tap,
    drag: (now) => change({ rubber: boxBetween(from, pictureAt(now.clientX, now.clientY), pictureSize()) }),
    drop: () => {
      const frame = state.rubber;
      change({ rubber: null });
      if (frame) choose([...(event.shiftKey ? state.chosen : []), ...inFrame(frame)]);
    },
    cancel: () => change({ rubber: null }),
  };
}

// Those whose middle lies in the frame, and are not chosen yet where it adds to others.
function inFrame(frame) {
  const inside = shownObjects().filter(({ object: { box: [x1, y1, x2, y2] } }) =>
    within(frame, [(x1 + x2) / 2, (y1 + y2) / 2])
  );
  return [...new Set(inside.map(({ region }) => region.id))];
}

window.addEventListener("click", (event) => {
  const name = event.shiftKey && state.tool === "select" && !closest(event, "#chat") ? nameOf(event) : null;
  if (!name) return;
  event.preventDefault();
  event.stopPropagation();
  toggleChosen(name.split(".")[0]);
}, true);

// Keys -----------------------------------------------------------------------------------------------

function onKey(event) {
  if (!state.scene.picture || isTyping(event) || one("dialog[open], .menu:popover-open") || !isAtCanvas()) return;
  if (!(allKey(event) || (!event.altKey && state.tool === "select" && chosenKey(event)))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function allKey({ key, ctrlKey, metaKey, shiftKey, altKey }) {
  if (!(ctrlKey || metaKey) || shiftKey || altKey || key.toLowerCase() !== "a") return false;
  chooseAll();
  return true;
}

function chosenKey({ key, ctrlKey, metaKey, shiftKey }) {
  if (ctrlKey || metaKey) return false;
  if (key in RANK_KEYS && chosenOrMeant().length) rank(RANK_KEYS[key]);
  else if (!state.chosen.length) return false;
  else if (key in ARROWS) nudge(ARROWS[key], shiftKey ? QUICK : 1);
  else if (key === "Escape") choose([]);
  else return false;
  return true;
}

function showChosen() {
  const { chosen } = state;
  for (const { group, tag, region } of marks.values()) {
    const isChosen = chosen.includes(region.id);
    for (const place of [group, tag]) place.classList.toggle("chosen", isChosen);
    if (isChosen) group.setAttribute("aria-pressed", "true");
    else group.removeAttribute("aria-pressed");
  }
  for (const card of all(".card", cards)) card.classList.toggle("chosen", chosen.includes(card.dataset.region));
}

// Those that are gone or hidden are not chosen any more; another picture begins afresh.
function keepChosen() {
  const shown = state.chosen.filter((id) => regionOf(id) && !regionOf(id)?.hidden);
  if (shown.length < state.chosen.length) change({ chosen: shown });
  const picture = state.scene.picture?.path || "";
  if (picture !== shownOf) change({ chosen: [], shift: null, ranks: {} });
  if (picture !== shownOf) unsent = [0, 0];
  shownOf = picture;
}

document.addEventListener("keydown", onKey, true);
onChange(["drawn"], keepChosen);
onChange(["drawn", "chosen"], showChosen);
onChange(["ranks"], () => {
  drawMarks();
  showChosen();
});
whenToolEnds(() => choose([]));
