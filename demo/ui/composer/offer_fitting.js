// Which regions fit what is typed.

/** @typedef {Pick<import("../canvas/scene.d.ts").Region, "id" | "title"> & { objects: { id: string }[] }} Named */

/** A name that is being typed, at the end of a text; letters of a script without capitals may touch it. */
export const STARTED =
  /(?:^|[\s(,;:/“"'‘\p{Lo}\p{M}（「『【，、。；：])(R[0-9]*(?:\.[0-9]*)?|r[0-9]+(?:\.[0-9]*)?|@[^@\n]{0,40})$/u;

/**
 * The names that fit what is typed (R, R1, @dog), of these regions in their order.
 * @param {string} token @param {Named[]} regions
 */
export function fitting(token, regions) {
  const query = token.replace(/^@/, "");
  if (/^r?[0-9]*(\.[0-9]*)?$/i.test(query)) return numbered(query.toUpperCase().replace(/^R?/, "R"), regions);
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return regions.filter((region) => {
    const title = region.title.toLowerCase().split(/[^\p{L}\p{N}]+/u);
    return words.every((word) => title.some((part) => part.startsWith(word)));
  }).map((region) => region.id);
}

/** @param {string} start @param {Named[]} regions */
function numbered(start, regions) {
  const names = regions.filter((region) => region.id.startsWith(start)).map((region) => region.id);
  const whole = regions.find(({ id }) => id === start.split(".")[0]);
  const parts = whole && whole.objects.length > 1 ? whole.objects.map((object) => object.id) : [];
  return [...names, ...parts.filter((name) => name.startsWith(start))];
}
