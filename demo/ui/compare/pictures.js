// The pictures of a round side by side, zoomed and moved together: by the wheel, fingers, dragging, buttons and keys.
import { outlinePath, pictureSize, regionOf, state } from "../canvas/state.js";
import { all, closest, one } from "../shared/nodes.js";
import { moved, pinched, under, WHOLE, zoomed } from "./joint.js";
import { createSide } from "./side.js";

/** @typedef {import("./compare.d.ts").Round} Round */
/** @typedef {import("./compare.d.ts").OtherAnswer} OtherAnswer */
/** @typedef {import("./side.js").Drawn} Drawn */

const STEP = 1.5;
const LINE = 16; // pixels of a wheel that counts in lines
const PUSH = 60; // pixels of the screen that an arrow key moves by
const ZOOMS = { in: STEP, out: 1 / STEP, fit: 0 };
const KEYS = { "+": "in", "=": "in", "-": "out", "−": "out", "0": "fit" };
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Make the pair of pictures in this place; what is returned draws a round. @param {HTMLElement} pair */
export function createPictures(pair) {
  const sides = [createSide(), createSide()];
  /** @type {Map<number, [number, number]>} */
  const pointers = new Map();
  let seen = WHOLE;
  pair.append(...sides.map(({ element }) => element));

  function place() {
    for (const side of sides) side.place(seen);
    pair.toggleAttribute("data-whole", seen.zoom <= 1); // then a finger scrolls the form
  }

  const frame = (side = sides[0]) => ({ pane: side.size(), picture: pictureSize() });
  const sideOf = (/** @type {Event} */ event) => sides.find(({ view }) => view === closest(event, ".side-view"));

  /** @param {{ clientX: number, clientY: number }} event @param {import("./side.js").Side} side @returns {[number, number]} */
  function placeIn({ clientX, clientY }, { view }) {
    const { left, top } = view.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }

  // A dot on the other picture shows where a mouse points on this one.
  function pointAlike(/** @type {PointerEvent} */ event, /** @type {import("./side.js").Side} */ here = sides[0]) {
    const away = event.pointerType !== "mouse" || event.type === "pointerleave" || !sideOf(event);
    for (const side of sides) side.point(away || side === here ? null : under(seen, frame(here), placeIn(event, here)));
  }

  function show(/** @type {import("./joint.js").View} */ view) {
    seen = view;
    place();
  }

  // While the whole picture is seen, the plain wheel scrolls the form as far as that goes.
  function scrolls(/** @type {number} */ way) {
    const form = /** @type {HTMLElement} */ (pair.closest(".compare-body"));
    return way > 0 ? form.scrollTop + form.clientHeight < form.scrollHeight - 1 : form.scrollTop > 0;
  }

  function zoom(/** @type {keyof typeof ZOOMS} */ way) {
    show(ZOOMS[way] ? zoomed(seen, ZOOMS[way], frame()) : WHOLE);
  }

  pair.addEventListener("wheel", (event) => {
    const side = sideOf(event);
    if (!side || (!event.ctrlKey && !event.metaKey && seen === WHOLE && scrolls(event.deltaY))) return;
    event.preventDefault();
    const turned = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1);
    const next = zoomed(seen, Math.exp(-turned / 300), frame(side), placeIn(event, side));
    show(next.zoom === 1 ? WHOLE : next);
  }, { passive: false });

  pair.addEventListener("pointerdown", (event) => {
    const side = sideOf(event);
    if (!side || event.button > 1) return;
    side.view.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, placeIn(event, side));
  });
  pair.addEventListener("pointermove", (event) => {
    const [side, before] = [sideOf(event), pointers.get(event.pointerId)];
    pointAlike(event, side);
    if (!side || !before) return;
    const now = placeIn(event, side);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, now);
    if (other) show(pinched(seen, [before, other], [now, other], frame(side)));
    else show(moved(seen, [now[0] - before[0], now[1] - before[1]], frame(side)));
  });
  pair.addEventListener("pointerleave", (event) => pointAlike(event));
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) {
    pair.addEventListener(end, ({ pointerId }) => pointers.delete(pointerId));
  }
  pair.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in KEYS) zoom(KEYS[event.key]);
    else if (event.key in ARROWS && seen.zoom > 1) {
      const [dx, dy] = ARROWS[event.key];
      show(moved(seen, [dx * PUSH, dy * PUSH], frame()));
    } else return;
    event.preventDefault();
  });
  new ResizeObserver(place).observe(pair);

  /** Draw a round, with the answer of the other model of that name where it has one. */
  function draw(/** @type {Round} */ round, /** @type {string} */ other) {
    const picture = { url: state.scene.picture?.url ?? "", size: pictureSize() };
    const [own, theirs] = [ownObjects(round), otherObjects(round, other)];
    const both = [...givenObjects(round), ...trueObjects(round)];
    const answer = round.others[other];
    const iou = answer?.iou == null || !answer.count ? "" : `, IoU ${answer.iou.toFixed(2)}`;
    const [first, second] = [said(round.author, round.count), `${said(other, answer?.count ?? null)}${iou}`];
    const together = pair.dataset.view === "over" ? `${first} (solid) · ${second} (dotted)` : first;
    sides[0].draw(contentOf(together, [...both, ...own, ...theirs.map(alsoHere)]), picture);
    sides[1].draw(contentOf(second, [...both, ...theirs]), picture);
    place();
  }

  return { draw, zoom, whole: () => show(WHOLE) };
}

/** The buttons of the zoom that fit in `root`. @param {HTMLElement} root @param {(way: any) => void} zoom */
export function listenToZooms(root, zoom) {
  for (const button of all("[data-joint]", root)) button.addEventListener("click", () => zoom(button.dataset.joint));
}

// What is drawn ----------------------------------------------------------------------------------------

/** @param {Round} round @returns {Drawn[]} */
function ownObjects({ region }) {
  const found = regionOf(region);
  if (!found || !region) return [];
  return found.objects.map((object) => ({
    name: found.objects.length > 1 ? object.id : found.id,
    box: object.box,
    path: outlinePath(object),
    kind: "own",
    tone: found.tone,
  }));
}

// What belongs to an object of the first answer has its name and colour; what does not is counted apart.
/** @param {Round} round @param {string} name @returns {Drawn[]} */
function otherObjects(round, name) {
  const own = ownObjects(round);
  const partner = new Map(round.others[name]?.pairs.map(([i, j]) => [j, own[i]]));
  let alone = 0;
  return asidesOf(round.turn, "model", name).map((object, j) => {
    const mate = partner.get(j);
    const shown = { box: object.box, path: outlinePath(object) };
    if (mate) return { ...shown, name: mate.name, kind: "other", tone: mate.tone };
    alone += 1;
    return { ...shown, name: `+${alone}`, kind: "alone", tone: null };
  });
}

/** On the first picture, where it is shown in the second form. @param {Drawn} object @returns {Drawn} */
function alsoHere(object) {
  return { ...object, name: object.kind === "alone" ? object.name : "", kind: "other" };
}

/** @param {Round} round @returns {Drawn[]} */
function givenObjects({ given, region }) {
  return given.filter((name) => name.split(".")[0] !== region).flatMap((name) => {
    const found = regionOf(name);
    const meant = found?.objects.filter(({ id }) => name === found.id || id === name) ?? [];
    return meant.map(({ id, box }) => ({
      name: (found?.objects.length ?? 0) > 1 ? id : id.split(".")[0],
      box,
      path: null,
      kind: /** @type {const} */ ("given"),
      tone: found?.tone ?? null,
    }));
  });
}

/** @param {Round} round @returns {Drawn[]} */
function trueObjects({ turn }) {
  return asidesOf(turn, "truth").map((object) => ({
    name: "",
    box: object.box,
    path: null,
    kind: "truth",
    tone: null,
  }));
}

/** @param {number} turn @param {string} kind @param {string} [name] */
function asidesOf(turn, kind, name) {
  const several = state.scene.asides[turn] ?? [];
  return several.filter((each) => each.kind === kind && (!name || each.name === name)).flatMap(({ objects }) =>
    objects
  );
}

/** @param {string} name @param {number | null} count */
function said(name, count) {
  const found = count === null ? "not asked yet" : count ? `${count} object${count === 1 ? "" : "s"}` : "nothing found";
  return `${name}: ${found}`;
}

/** @param {string} caption @param {Drawn[]} objects @returns {import("./side.js").Content} */
function contentOf(caption, objects) {
  const found = objects.filter(({ name, kind }) => name && kind !== "given");
  const places = found.map(({ name, box: [x1, y1, x2, y2] }) => `${name} from ${x1}, ${y1} to ${x2}, ${y2}`);
  return { caption, spoken: [caption, ...places].join("; "), objects };
}

/** Show both pictures, or all on one. @param {HTMLElement} root @param {HTMLElement} pair @param {() => void} changed */
export function listenToViews(root, pair, changed) {
  for (const button of all("[data-view]", one(".compare-views", root))) {
    button.addEventListener("click", () => {
      pair.dataset.view = button.dataset.view;
      for (const each of all("[data-view]", one(".compare-views", root))) {
        each.setAttribute("aria-pressed", String(each === button));
      }
      changed();
    });
  }
}
