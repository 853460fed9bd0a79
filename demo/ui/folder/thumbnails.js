// Small pictures of files, made in the browser when they come into view: two at a time, and few are kept.

const WIDTH = 144; // pixels; a cell shows half of them
const AT_ONCE = 2;
const MAX_KEPT = 300;
const MAX_BYTES = 50_000_000; // of a file; larger ones have no small picture
/** @type {Map<HTMLCanvasElement, File>} */
const files = new Map();
/** @type {Set<HTMLCanvasElement>} */
const waiting = new Set();
/** @type {Set<HTMLCanvasElement>} */
const kept = new Set();
let making = 0;

const observer = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    const place = /** @type {HTMLCanvasElement} */ (target);
    if (!isIntersecting) waiting.delete(place);
    else if (!place.width) waiting.add(place);
  }
  makeNext();
});

/** Draw a file there as soon as the place is seen. @param {HTMLCanvasElement} place @param {File} file */
export function look(place, file) {
  files.set(place, file);
  observer.observe(place);
}

/** Look at none of them any more. */
export function lookAway() {
  observer.disconnect();
  for (const held of [files, waiting, kept]) held.clear();
}

function makeNext() {
  for (const place of waiting) {
    if (making >= AT_ONCE) return;
    waiting.delete(place);
    making++;
    make(place).catch(() => {}).finally(() => { // browsers do not know every kind
      making--;
      makeNext();
    });
  }
}

/** @param {HTMLCanvasElement} place */
async function make(place) {
  const file = files.get(place);
  if (!file || file.size > MAX_BYTES) return;
  const small = await createImageBitmap(file, { resizeWidth: WIDTH, resizeQuality: "medium" });
  [place.width, place.height] = [small.width, Math.min(small.height, WIDTH * 3)];
  place.getContext("2d")?.drawImage(small, 0, 0);
  small.close();
  kept.add(place);
  for (const oldest of kept) {
    if (kept.size <= MAX_KEPT) break;
    kept.delete(oldest);
    [oldest.width, oldest.height] = [0, 0];
  }
}
