// Where a finding leads. Its sentence is a link (#at-PART-NUMBER-PICTURE, made by places.py): pointing at it
// shows on the picture what it is about, a region or a box that nobody gave, as a dashed ghost; a click also
// opens the part of the trace and marks the words. A point that the reasoning mentions is such a link, too, and
// is shown as a spot. It shares canvas.js's scope.
const PLACE = /^#at-(scene|focus|think|answer|)-(\d*)-(.*)$/;
const GHOST = /^\d+(?:\.\d+){3}$/;
const SPOT = /^\d+\.\d+$/;
const TITLES = { scene: "Scene", focus: "Focus", think: "Reasoning", answer: "Answer" };
const OPENS_MS = 1000; // the longest that a part takes to open
const ghostLayer = shape("g", { class: "ghost", "aria-hidden": "true" });
const ghostName = node("div", { class: "ghost-name", "aria-hidden": "true", hidden: "" }, "Nobody gave this box");
let kept = null; // what a click keeps on the picture until the next one elsewhere

overlay.append(ghostLayer);
sheet.append(ghostName);

function placeOf(target) {
  const [, part, number, picture] = target.closest?.("#chat a[href^='#at-']")?.hash.match(PLACE) || [];
  return picture === undefined ? null : { part, number, picture };
}

// On the picture ---------------------------------------------------------------------------------------

function showOnPicture(picture) {
  const numbers = scene.picture ? picture.split(".").map(Number) : [];
  const [box, spot] = [GHOST, SPOT].map((form) => (form.test(picture) ? numbers : null));
  ghostName.hidden = !box;
  ghostLayer.replaceChildren(...(box ? ghostOf(box) : spot ? [drawPoint(spot)] : []));
  if (box) placeGhostName(box);
  else if (picture && !spot) light(picture);
}

function ghostOf(box) {
  return ["casing", "box"].map((name) => shape("rect", { class: name, ...edges(box) }));
}

function placeGhostName([x1, y1, x2, y2]) {
  const right = x1 + x2 > scene.width;
  ghostName.style.left = right ? "" : `${(100 * x1) / scene.width}%`;
  ghostName.style.right = right ? `${100 - (100 * x2) / scene.width}%` : "";
  ghostName.style.top = `${(100 * y1) / scene.height}%`;
  ghostName.classList.toggle("within", y1 * scaleNow() < 26);
}

function keep(picture) {
  kept = picture || null;
  showOnPicture(kept || "");
}

// In the trace -----------------------------------------------------------------------------------------

function titlesIn(group) {
  return [...group.querySelectorAll(".children .thought-group > .title")];
}

// Gradio puts what a part holds on the page only once it is opened, so each step waits for the one before.
async function openPart(row, part) {
  const whole = row.querySelector(".thought-group");
  if (!whole) return null;
  await expand(whole.querySelector(".title"));
  const found = () => titlesIn(whole).find((title) => title.textContent.trim().startsWith(TITLES[part]));
  const title = await appears(found);
  if (!title) return null;
  await expand(title);
  return title.closest(".thought-group");
}

async function expand(title) {
  if (title.classList.contains("expanded")) return;
  title.click();
  await appears(() => title.classList.contains("expanded"));
}

async function appears(look) {
  const until = performance.now() + OPENS_MS;
  while (!look() && performance.now() < until) await new Promise(requestAnimationFrame);
  return look();
}

async function showInTrace(row, { part, number }) {
  const group = part && (await openPart(row, part));
  if (!group) return;
  const words = () => (number ? group.querySelector(`.at${number}`) : group.querySelector(".content .md, .content"));
  const place = await appears(words);
  if (!place) return;
  for (const old of document.querySelectorAll("#chat .at-shown")) old.classList.remove("at-shown");
  place.classList.add("at-shown");
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
  const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  place.scrollIntoView({ block: "center", behavior: smooth ? "smooth" : "instant" });
}

// Listening --------------------------------------------------------------------------------------------

for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, ({ target }) => {
    const place = placeOf(target);
    if (place || ghostLayer.firstChild || (kept && !nameOf(target))) showOnPicture(place?.picture || kept || "");
  });
}
document.addEventListener("focusout", () => showOnPicture(kept || ""));
document.addEventListener("click", (event) => {
  if (event.target.closest?.("#sheet")) return; // what is shown stays when the sheet led to it
  const place = placeOf(event.target);
  keep(place?.picture);
  if (!place) return;
  event.preventDefault(); // the page's address stays
  if (GHOST.test(place.picture)) say("The box that nobody gave is shown on the picture, dashed.");
  if (SPOT.test(place.picture)) say("The point is shown on the picture.");
  showInTrace(event.target.closest(".bot-row"), place);
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") keep(null);
});
document.addEventListener("regions-drawn", () => keep(null));
// The sheet with the numbers of an answer leads to the same places.
document.addEventListener("show-place", ({ detail: { turn, address } }) => {
  const [, part, number, picture] = address.match(PLACE);
  keep(picture);
  showInTrace(document.querySelector(`#chat a[href="#numbers-${turn}"]`).closest(".bot-row"), { part, number });
});
