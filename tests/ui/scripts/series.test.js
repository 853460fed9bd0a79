import { deepEqual, equal, match } from "node:assert/strict";
import {
  done,
  goneOf,
  isDone,
  nextUndone,
  noteOf,
  partsOf,
  seriesOf,
  stepFrom,
  summary,
} from "../../../demo/ui/folder/series.js";

const { test } = Deno;

/** @param {string[]} paths */
function series(...paths) {
  return seriesOf(paths.map((path) => ({ path, file: new File(["x"], path.split("/").at(-1) || "") })));
}

/** @param {string[]} paths */
function inOrder(...paths) {
  return series(...paths).items.map(({ folder, name }) => (folder ? `${folder}/${name}` : name));
}

for (
  const paths of [
    ["img1.png", "img2.png", "img10.png"],
    ["2.jpg", "10.jpg", "a1.jpg", "a02.jpg", "a10.jpg"],
    ["z.png", "a/b.png", "a/b/c.png", "a2/a.png", "a10/a.png", "b/a.png"],
    ["IMG_9.JPG", "img_10.jpg"],
    ["Äpfel.png", "Birnen.png", "Zug.png"],
    ["٢.png", "١٠.png"],
    ["صورة 1.png", "صورة 2.png", "صورة 10.png"],
  ]
) {
  test(`${paths.join(", ")} are in order, however they come`, () => {
    deepEqual(inOrder(...paths.toReversed()), paths);
    deepEqual(inOrder(...paths), paths);
  });
}

test("what is no picture is counted, and what systems put there is not", () => {
  const { items, left } = series(
    ...["a.png", "b.JPEG", "c.heic", "d.tif", "e.webp"],
    ...["notes.txt", "scan.pdf", "clip.mp4", "d.svg", "png", "a.png.txt"],
    ...[".DS_Store", "._a.png", ".git/x.png", "__MACOSX/a.png", "sub/Thumbs.db", "desktop.ini"],
  );
  deepEqual([items.length, left], [5, 6]);
  equal(seriesOf([{ path: "x", file: new File([], "x", { type: "image/png" }) }]).items.length, 1);
  equal(seriesOf([{ path: "x", file: new File([], "x", { type: "image/svg+xml" }) }]).items.length, 0);
});

for (
  const labels of [
    ...["annotations.json", "a.xml", "data.yaml", "data.YML", "classes.txt", "obj.names", "t.csv", "m.geojson"],
    ...["labels.zip", "labels/a.txt", "labels/A.TXT", "sub/labels/b.1.txt", "Stranda\u0308.txt"],
  ]
) {
  test(`${labels} beside pictures is said to be left out, unless it goes with them and all are kept`, () => {
    const some = series("a.png", "images/b.1.jpg", "Strand\u00e4.png", labels);
    match(noteOf(some, false, true), /^Labels and dialogues were left out: .* at most 7 pictures .* zip file\.$/);
    match(noteOf(some, false, false), /^Labels and dialogues were left out: /);
    match(noteOf(some, true, false), /^Only the picture that is shown first has its labels or dialogue, /);
    equal(noteOf(some, true, true), "");
  });
}

for (const other of ["notes.txt", "README.md", "clip.mp4", ".vscode/x.json", "__MACOSX/a.xml", "c.jpg", "json"]) {
  test(`${other} is not taken for labels`, () => {
    const some = series("a.png", "b.jpg", other);
    deepEqual([noteOf(some, false, true), noteOf(some, true, false)], ["", ""]);
  });
}

test("nothing was done to those whose dialogue is gone, but for those asked again meanwhile", () => {
  const { items } = series("1.png", "2.png", "3.png", "4.png");
  const asked = items.map((item, i) => /** @type {[typeof item, string]} */ ([item, `d${i}`]));
  items.forEach((item, i) => item.kept = `d${i}`);
  items[2].kept = "later";
  deepEqual(goneOf(asked, { d1: 2 }), [items[0], items[3]]);
  deepEqual(goneOf(asked, { d0: 1, d1: 2, d3: 1 }), []);
});

test("no folder is too large: the first pictures are gone through", () => {
  const { items, left } = series(...Array.from({ length: 5010 }, (_, i) => `${i}.png`));
  deepEqual([items.length, left, items.at(-1)?.name], [5000, 10, "4999.png"]);
});

test("on and back, past what cannot be opened, to the ends", () => {
  const { items } = series("1.png", "2.png", "3.png", "4.png");
  items[1].trouble = items[3].trouble = "broken";
  deepEqual([-1, 0, 2].map((at) => stepFrom(items, at, 1)), [0, 2, -1]);
  deepEqual([2, 0].map((at) => stepFrom(items, at, -1)), [0, -1]);
  equal(stepFrom([], -1, 1), -1);
});

test("the next to do is looked for from here on, then from the beginning", () => {
  const { items } = series("1.png", "2.png", "3.png", "4.png");
  items[1].asked = items[3].drawn = 1;
  deepEqual([-1, 0, 1, 2, 3].map((at) => nextUndone(items, at)), [0, 2, 2, 0, 0]);
  items[0].trouble = "broken";
  equal(nextUndone(items, 2), -1); // the one that is here does not count
  deepEqual(items.map(isDone), [false, true, false, true]);
});

test("what was done is said in words", () => {
  const { items } = series("1.png");
  const [item] = items;
  const said = (/** @type {Partial<typeof item>} */ news) => done(Object.assign(item, news));
  equal(said({}), "not seen");
  equal(said({ seen: true }), "opened");
  equal(said({ asked: 1 }), "1 question");
  equal(said({ drawn: 2 }), "1 question, 2 regions by hand");
  equal(said({ asked: 0, drawn: 1 }), "1 region by hand");
  equal(summary({ items, left: 2 }), "1 picture · something done to 1 · 2 other files left out");
  equal(said({ trouble: "broken" }), "cannot be opened");
});

test("two files of a folder are known apart another day, and one again, without its name", () => {
  const at = (/** @type {string} */ path, /** @type {string} */ text, lastModified = 1) =>
    seriesOf([{ path, file: new File([text], "secret.png", { lastModified }) }]).items[0].print;
  equal(at("secret.png", "x"), at("secret.png", "x"));
  const prints = [at("secret.png", "x"), at("a/secret.png", "x"), at("secret.png", "xy"), at("secret.png", "x", 2)];
  equal(new Set(prints).size, 4);
  equal(prints.join().includes("secret"), false);
});

test("of a long name the end may stay, and words of other scripts are not cut apart", () => {
  deepEqual(partsOf("short.png"), ["short.png"]);
  for (const name of ["a very long name of a picture 0001.png", "صورة العائلة في الصيف 2024.png", "x".repeat(300)]) {
    const parts = partsOf(name);
    equal(parts.join(""), name);
    equal(parts.length, 2);
    equal(parts[1].length <= 12, true);
  }
  deepEqual(partsOf("صورة العائلة في الصيف الطويل"), ["صورة العائلة في الصيف الطويل"]);
});
