// Going from picture to picture: each file is sent when it is opened, one at a time; who asks for another meanwhile
// gets that one next. What is under way on the page is finished first.
import { onChange as onPage, state as page } from "../canvas/state.js";
import { component } from "../shared/components.js";
import { onAnswer } from "../shared/answers.js";
import { remember } from "./memory.js";
import { done, isDone, nextUndone, stepFrom } from "./series.js";
import { change, mark, onChange, say, state, tell } from "./state.js";

const MAX_BYTES = 100_000_000; // of one upload: the server takes no more
const MAX_SKIPPED = 20; // in a row, of those that cannot be opened
const MAX_WAIT_MS = 120_000; // an answer that has not come by then is lost with its connection
const TOO_LARGE = "This file is larger than 100 MB. Make the picture smaller and open it again.";
const GONE = "This file has changed or is not there any more. Open the folder again.";
const NOT_SENT = "The picture could not be sent. Try again.";
const NOT_OPENED = "The server does not answer. Try again in a moment.";
const BUSY = "A question is being answered. Press Stop first, or wait for the answer.";
const DRAFT = "Close the outline first: with Enter, or with Escape to drop it.";
const { props, trigger, watch } = component("folder/folder");
/** @type {{ index: number, way: number } | null} */
let wish = null;
let isGoing = false;
let asks = false; // whether the same is asked of each new picture
let ticket = 0;
/** @type {(answer: any) => void} */
let answered = () => {};

/** Whether each picture that was not seen is asked at once what the one before was. @param {boolean} now */
export function setAsks(now) {
  asks = now;
}

/** Go on or back, past those that cannot be opened. @param {number} way */
export function goBy(way) {
  const from = wish?.index ?? (state.going < 0 ? state.at : state.going);
  const next = stepFrom(state.items, from, way);
  if (next >= 0) goTo(next, way);
  else tell(way > 0 ? "This is the last picture of the folder." : "This is the first picture of the folder.");
}

/** Go to the next one to which nothing was done. */
export function goToUndone() {
  const next = nextUndone(state.items, state.going < 0 ? state.at : state.going);
  if (next >= 0) goTo(next, 1);
  else if (state.items.some((item, i) => i === state.at && !isDone(item))) tell("This is the last one to do.");
  else tell("Something was done to every picture of the folder.");
}

/** Open one; where it cannot be, the next in that way. @param {number} index */
export function goTo(index, way = 0) {
  if (page.scene.busy) return tell(BUSY);
  if (page.corners.length) return tell(DRAFT);
  if (state.isHere && state.at === index && !isGoing) return;
  wish = { index, way };
  if (!isGoing) go();
}

async function go() {
  isGoing = true;
  for (let skipped = 0; wish && skipped <= MAX_SKIPPED;) {
    const { index, way } = wish;
    wish = null;
    change({ going: index });
    const { items } = state;
    const item = items[index];
    if (!item || (await isShown(item, index)) || !item.trouble || items !== state.items) continue;
    skipped++;
    tell(`${item.name}: ${item.trouble}`);
    const next = way ? stepFrom(items, index, way) : -1;
    if (next >= 0 && !wish) wish = { index: next, way };
  }
  isGoing = false;
  change({ going: -1 });
}

async function isShown(item, index) {
  const trouble = await fault(item);
  mark(item, { trouble });
  if (trouble) return false;
  const path = await send(item.file);
  if (!path) return false;
  const { key, trouble: refused } = await open(path, item.name);
  mark(item, { trouble: refused, key: key || item.key });
  if (!key || state.items[index] !== item) return false; // or another folder has come meanwhile
  change({ at: index });
  if (keyNow() === key) follow(); // else it is about to be drawn
  return true;
}

// Why there is no use in sending it.
async function fault({ file }) {
  if (file.size > MAX_BYTES) return TOO_LARGE;
  try {
    await file.slice(0, 1).arrayBuffer();
    return "";
  } catch {
    return GONE;
  }
}

// Where the server has it; null where it could not be sent.
async function send(file) {
  const form = new FormData();
  form.append("files", file);
  try {
    const answer = await fetch("gradio_api/upload", { method: "POST", body: form });
    if (answer.ok) return (await answer.json())[0];
  } catch { // no connection
  }
  tell(NOT_SENT);
  return null;
}

async function open(path, name) {
  await new Promise((idle) => whenIdle(idle));
  ticket++;
  const late = setTimeout(() => {
    tell(NOT_OPENED);
    answered({ trouble: "", key: "" });
  }, MAX_WAIT_MS);
  const answer = await new Promise((done) => {
    answered = done;
    trigger("open", { files: [{ path }], name, ticket, ask: asks });
  });
  clearTimeout(late);
  return answer;
}

// Edits of the picture that is shown are answered before it goes.
/** @type {(() => void)[]} */
let waiting = [];

function whenIdle(run) {
  if (page.acts.length) waiting.push(run);
  else run();
}

onPage(["acts"], () => {
  if (page.acts.length) return;
  const due = waiting;
  waiting = [];
  for (const run of due) run();
});
onAnswer({ props, watch }, (answer) => {
  if (answer.ticket === ticket) answered(answer);
});

// Which one is shown, whoever opened it: Undo, the list of dialogues, or somebody who dropped a few -----------------

let since = 0; // the scene that was there when the folder came
let told = ""; // which one was said to be there

/** The hash of the picture on the page. */
function keyNow() {
  return /([0-9a-f]{64})\.\w+$/.exec(page.scene.picture?.path || "")?.[1] || "";
}

function follow() {
  const here = placeNow();
  if (here < 0) {
    if (!isGoing) change({ isHere: false });
    return;
  }
  change({ at: here, isHere: true });
  if (!page.scene.busy) note(state.items[here]);
}

function placeNow() {
  const [key, { items, at, isSent }] = [keyNow(), state];
  if (!key) return -1;
  if (items[at]?.key === key) return at;
  const same = items.findIndex((item) => item.key === key);
  const isFirst = isSent && page.scene.serial !== since && items.every((item) => !item.key);
  return same < 0 && isFirst ? items.findIndex(({ name }) => name === page.scene.name) : same;
}

function note(item) {
  const { turns, regions, kept } = page.scene;
  const drawn = regions.filter(({ origin, corrected }) => origin === "user" || corrected).length;
  const news = { key: keyNow(), seen: true, asked: turns, drawn, kept: kept || "", trouble: "" };
  if (Object.entries(news).some(([name, value]) => item[name] !== value)) {
    mark(item, news);
    remember(item);
  }
  announce(item);
}

function announce(item) {
  if (told === item.print) return;
  told = item.print;
  say(`${state.at + 1} of ${state.items.length}, ${item.name}, ${done(item)}.`);
}

function start() {
  [wish, since, told] = [null, page.scene.serial, ""];
  if (state.items.length && !state.isSent) goTo(0, 1);
}

onPage(["drawn"], follow);
onChange(["items"], start);
start();
