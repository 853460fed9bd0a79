// The labels of the regions: full where there is room, else the name alone, else only while pointed at.
// They are placed greedily, the newest first; two never cover each other.

const TAG_GAP = 3; // screen pixels between a box and its label
const WIDEST_TAG = 190;
const TAG_HEIGHT = 21; // this, the letters and the padding as in canvas.css
const TAG_LETTERS = 12.5;
const TAG_PADDING = 14;
const TAG_RIM = 1; // the light line round a label
const WORDY = 480; // a picture shown in less than this has room for names alone
const widths = new Map(); // text → [name alone, full]; letters do not change their size with the zoom

function drawTag(region, object, data) {
  const many = region.objects.length > 1;
  const tag = node("div", { class: "tag", "data-of": region.id, "data-object-of": object.id, ...data },
    node("b", {}, many ? object.id : region.id));
  if (region.title && object === region.objects[0]) tag.append(node("span", {}, ` ${region.title}`));
  return tag;
}

function placeTags(scale) {
  const terse = isTerse();
  stage.toggleAttribute("data-terse", terse);
  const room = [scene.width * scale, scene.height * scale];
  const limit = Math.min(room[0], WIDEST_TAG, Math.max(90, room[0] * 0.55));
  const labels = [...[...marks.values()].reverse(), ...asideMarks].map(({ tag, object }) => {
    const [short, whole] = tagWidths(tag).map((width) => Math.min(width, limit));
    const full = terse ? short : whole;
    const box = object.box.map((value) => value * scale);
    return { tag, short, full, box, middle: [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2], taken: null };
  });
  // Every name gets its place before any gets room for more words; those cover nothing's middle.
  for (const label of labels) label.taken = freePlace(label, label.short, room, labels, true) || freePlace(label, label.short, room, labels, false);
  for (const label of labels) {
    const wide = label.taken && label.full > label.short && freePlace(label, label.full, room, labels, true);
    label.taken = wide || label.taken;
    showTag(label, limit, room);
  }
}

// Where the picture is small, only the list has the words.
function isTerse() {
  return room[0] < WORDY;
}

// Measured with the letters alone: reading the sizes of nodes would lay out the page once more.
const pen = document.createElement("canvas").getContext("2d");

function tagWidths(tag) {
  const text = tag.textContent;
  if (!widths.has(text)) {
    const [name, words = { textContent: "" }] = tag.children;
    const family = getComputedStyle(tags).fontFamily;
    const width = ({ textContent }, weight) => {
      pen.font = `${weight} ${TAG_LETTERS}px ${family}`;
      return pen.measureText(textContent).width;
    };
    const short = width(name, 700) + TAG_PADDING;
    widths.set(text, [Math.ceil(short), Math.ceil(short + width(words, 400))]);
  }
  return widths.get(text);
}

function showTag({ tag, short, full, box, taken }, limit, room) {
  const [x, y] = taken || [0, 0];
  const pointed = taken?.[2] >= full ? taken : freePlace({ box }, full, room, [], false);
  tag.style.cssText = `max-width: ${limit}px; --at: ${shift(x, y)}; --lit-at: ${shift(...pointed)}`;
  tag.classList.toggle("short", Boolean(taken) && taken[2] < full);
  tag.classList.toggle("crowded", !taken);
}

function shift(x, y) {
  return `${Math.round(x)}px ${Math.round(y)}px`;
}

// The first of the usual places (above, below, beside, inside) that is in the picture and not taken,
// as [x, y, width], or null; `polite`: nor over the middle of another object. Without other labels
// there is always one.
function freePlace(label, w, [width, height], labels, polite) {
  const [x1, y1, x2, y2] = label.box;
  const h = TAG_HEIGHT;
  const [above, below] = [y1 - h - TAG_GAP, y2 + TAG_GAP];
  const places = [
    [x1, above], [x1, below], [x2 - w, above], [x2 - w, below],
    [x2 + TAG_GAP, y1], [x1 - w - TAG_GAP, y1], [x2 + TAG_GAP, y2 - h], [x1 - w - TAG_GAP, y2 - h],
    [x1 + TAG_GAP, y1 + TAG_GAP], [x1 + TAG_GAP, y2 - h - TAG_GAP], [x2 - w - TAG_GAP, y1 + TAG_GAP],
  ];
  const sideways = (x) => Math.max(0, Math.min(x, width - w));
  for (const [at, y] of places) {
    const beside = at >= x2 || at + w <= x1;
    const x = beside ? at : sideways(at); // beside a box it may not be pushed over it
    if (y < 0 || y + h > height || x < 0 || x + w > width) continue;
    const free = (other) => other === label || (apart(other.taken, x, y, w) && !(polite && covers(x, y, w, other.middle)));
    if (labels.every(free)) return [x, y, w];
  }
  return labels.length ? null : [sideways(x1), Math.max(0, Math.min(y1, height - h)), w];
}

function apart(taken, x, y, w) {
  if (!taken) return true;
  const [left, top, wide] = taken;
  const rim = 2 * TAG_RIM;
  return x + w + rim <= left || left + wide + rim <= x || y + TAG_HEIGHT + rim <= top || top + TAG_HEIGHT + rim <= y;
}

function covers(x, y, w, [a, b]) {
  return a > x && a < x + w && b > y && b < y + TAG_HEIGHT;
}
