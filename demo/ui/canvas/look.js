// Ways to look at the picture and the dialogue, in one group of the bar: compare (compare.js), one region
// alone (here), turn by turn (film.js), the sheet of keys (keys.js).
// Nothing here asks the server, and nothing is drawn again: parts of the overlay get classes.

const LOOKS = {
  compare: { text: "Compare", title: "Compare with the bare picture", key: "X", icon: "M10 3.5v13M4 5.5h3.5M4 14.5h3.5M4 5.5v9M12.5 5.5H16v9h-3.5", run: () => showCompare(split === null) },
  only: { text: "Only one region", title: "Only one region: the one pointed at, or the last one", key: "F", icon: REGION_ICONS.only, run: () => showOnly(only ? null : regionMeant(true)?.id) },
  film: { text: "Turn by turn", title: "Turn by turn: the dialogue as a film", key: "T", icon: "M4 4.5h12v11H4ZM7 4.5v11M13 4.5v11M4 8h3M4 12h3M13 8h3M13 12h3", run: () => showFilm(step === null) },
  keys: { text: "Keys", title: "Keys and gestures", key: "?", icon: "M7.7 7.7a2.4 2.4 0 1 1 3.5 2.1c-.8.4-1.2.9-1.2 1.8v.4M10 14.7v.1", run: () => showKeys() },
};
const bar = element.querySelector(".canvas-bar");
const looks = node("div", { class: "segments looks", role: "group", "aria-label": "Ways to look" }, ...Object.keys(LOOKS).map(drawLook));
const narrow = matchMedia("(max-width: 900px)"); // as in canvas.css: there the bar has a panel of what is shown
const spot = shape("svg", { class: "spot", "aria-hidden": "true" });
const onlyPill = node("button", { type: "button", class: "only-pill" });
let only = null; // the one region that is shown
let lastMeant = null; // the region last pointed at or reached by keyboard

function drawLook(name) {
  const { text, title, key, icon } = LOOKS[name];
  return node("button", { type: "button", "data-look": name, title: `${title} (${key})`, "aria-keyshortcuts": key }, drawIcon(icon), node("span", {}, text));
}

function lookButton(name) {
  const button = looks.querySelector(`[data-look="${name}"]`);
  return button.checkVisibility() ? button : bar.querySelector(".layers-open");
}

function placeLooks() {
  if (narrow.matches) bar.querySelector(".layers").append(looks);
  else bar.querySelector(".zooms").before(looks);
}

// The region meant by a key: the one that is lit, else the one the keyboard is at. `last`: else the last
// one that was, else the newest.
function regionMeant(last = false) {
  const place = document.activeElement?.closest?.("#canvas [data-region], #regions [data-region]");
  const region = regionOf(lit) || regionOf(place?.dataset.region);
  if (region || !last) return region;
  const shown = scene.regions.filter(({ hidden }) => !hidden);
  return shown.find(({ id }) => id === lastMeant) || shown.at(-1) || null;
}

function showOnly(id) {
  const region = regionOf(id);
  only = region && !region.hidden ? id : null;
  if (only) stage.append(onlyPill);
  else if (onlyPill === document.activeElement) lookButton("only").focus();
  if (!only) onlyPill.remove();
  drawLooks();
  if (only) say(`Only ${only} is shown. Escape shows all.`);
}

function drawLooks() {
  stage.toggleAttribute("data-only", only !== null);
  dressRegions();
  drawSpot();
  drawPill();
  drawLookButtons();
}

// Which parts are away (not of the one region, or not yet found) and which were just made.
function dressRegions() {
  for (const part of element.querySelectorAll("#canvas [data-region], #canvas [data-of], #regions [data-region]")) {
    const region = regionOf(part.dataset.region || part.dataset.of);
    if (!region) continue;
    part.classList.toggle("away", (only !== null && region.id !== only) || (step !== null && (region.turn ?? 0) > step));
    part.classList.toggle("made", step !== null && region.origin === "model" && region.turn === step);
  }
}

// All but the region's masks (or boxes) is darkened. A mask, because objects may lie over each other.
function drawSpot() {
  if (!only) return spot.remove();
  const { width, height } = scene;
  const holes = regionOf(only).objects.map((object) => {
    const d = outlinePath(object);
    const [x1, y1, x2, y2] = object.box;
    return shape("path", { d: d || `M${x1} ${y1}H${x2}V${y2}H${x1}Z`, "fill-rule": "evenodd" });
  });
  spot.setAttribute("viewBox", `0 0 ${width} ${height}`);
  spot.replaceChildren(
    shape("mask", { id: "spot-holes", maskUnits: "userSpaceOnUse", x: 0, y: 0, width, height }, shape("rect", { width, height, fill: "#fff" }), ...holes),
    shape("rect", { width, height, mask: "url(#spot-holes)" }));
  overlay.before(spot);
}

function drawPill() {
  if (!only) return;
  onlyPill.setAttribute("aria-label", `Only ${only} is shown: show all regions again`);
  onlyPill.replaceChildren("Only ", node("b", { class: "mark", "data-tone": regionOf(only).tone }, only), " ×");
}

function drawLookButtons() {
  const states = { compare: split !== null, only: only !== null, film: step !== null };
  for (const [name, on] of Object.entries(states)) looks.querySelector(`[data-look="${name}"]`).setAttribute("aria-pressed", on);
  const shown = scene.regions.some(({ hidden }) => !hidden);
  for (const name of ["compare", "only"]) looks.querySelector(`[data-look="${name}"]`).disabled = !shown && !states[name];
  looks.querySelector('[data-look="film"]').disabled = !scene.turns;
}

// What can no longer be shown ends: its region is gone, a new turn runs, the dialogue has changed.
function checkLooks() {
  if (only && (!regionOf(only) || regionOf(only).hidden)) showOnly(null);
  if (step !== null && (scene.busy || scene.turns !== filmTurns || scene.dialogue !== filmDialogue)) showFilm(false);
  if (split !== null && !scene.picture) showCompare(false);
  drawLooks();
}

// Esc ends the one that was begun last, as seen: the film, then one region, then the comparison.
function endLook() {
  if (step !== null) showFilm(false);
  else if (only) showOnly(null);
  else if (split !== null) showCompare(false);
  else return false;
  return true;
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-look]");
  if (!button) return;
  LOOKS[button.dataset.look].run();
  if (narrow.matches) openLayers(false);
});

narrow.addEventListener("change", placeLooks);

onlyPill.addEventListener("click", () => showOnly(null));
for (const kind of ["pointerover", "focusin"]) {
  element.addEventListener(kind, (event) => {
    lastMeant = event.target.closest("[data-region]")?.dataset.region || lastMeant;
  });
}
document.addEventListener("regions-drawn", checkLooks);
document.addEventListener("tool-changed", ({ detail }) => { // nothing is drawn on half a picture, or on a former one
  if (detail === "select") return;
  showCompare(false);
  showFilm(false);
});
placeLooks();
