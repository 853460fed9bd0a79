// Which region was made of which part. It knows no page.

/** The names of regions by the boxes of their objects; of several at one place the first.
 * @param {readonly {id: string, objects: readonly {box: readonly number[]}[]}[]} regions
 * @returns {Map<string, string>}
 */
export function namesByBox(regions) {
  /** @type {Map<string, string>} */
  const names = new Map();
  for (const { id, objects } of regions) {
    for (const { box } of objects) {
      const place = String(box);
      if (!names.has(place)) names.set(place, id);
    }
  }
  return names;
}
