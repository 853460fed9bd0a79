// The cut-out of a region: its pixels at the picture's full size, all else transparent or white. The server
// finds its soft edge, which takes a moment and is asked for once; here the picture is put within it.
import { onChange, pictureSize, state } from "./state.js";
import { image, trigger } from "./parts.js";
import { fileStem } from "../shared/names.js";
import { node } from "../shared/nodes.js";

const MAX_WAIT_MS = 60000; // an answer that has not come by then is lost with its connection
const MAX_KEPT_MS = 10000; // by then the browser has begun to write the file
/** What the server was asked for, by number. @type {Map<number, (edge: import("./scene.d.ts").CutOut | null) => void>} */
const asked = new Map();
/**
 * The last region, as text, and its edge: whoever copies what was just saved need not wait.
 * @type {{ region: string, edge: Promise<import("./scene.d.ts").CutOut | null> | null }}
 */
let last = { region: "", edge: null };
let tickets = 0;

/**
 * The cut-out as a PNG; null where it cannot be made.
 * @param {import("./scene.d.ts").Region} region @param {boolean} onWhite @returns {Promise<Blob | null>}
 */
export async function cutOut(region, onWhite) {
  const cut = await edgeOf(region);
  if (!cut?.box) return null;
  const [left, top, right, bottom] = cut.box;
  const edge = node("img", { src: cut.edge });
  await Promise.all([image.decode(), edge.decode()]);
  const paper = node("canvas", { width: right - left, height: bottom - top });
  const ink = paper.getContext("2d");
  ink.drawImage(edge, 0, 0);
  ink.globalCompositeOperation = "source-in";
  ink.drawImage(image, -left, -top, ...pictureSize());
  if (onWhite) fillBehind(ink, paper);
  return new Promise((done) => paper.toBlob(done, "image/png"));
}

function fillBehind(ink, { width, height }) {
  ink.globalCompositeOperation = "destination-over";
  ink.fillStyle = "#fff";
  ink.fillRect(0, 0, width, height);
}

/** Give a PNG to the browser's downloads. */
export function save(blob, name) {
  const link = node("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), MAX_KEPT_MS);
}

/** @param {import("./scene.d.ts").Region} region @param {boolean} onWhite */
export function cutOutName({ id }, onWhite) {
  return `${fileStem(state.scene.name)}-${id}${onWhite ? "-white" : ""}.png`;
}

async function edgeOf(region) {
  const wanted = JSON.stringify([state.scene.picture?.path, region.objects]);
  if (last.region !== wanted) last = { region: wanted, edge: ask(region.id) };
  const edge = await last.edge;
  if (!edge?.box) last.region = ""; // ask again next time
  return edge;
}

function ask(region) {
  const ticket = ++tickets;
  trigger("cutout", { region, ticket });
  return new Promise((done) => {
    asked.set(ticket, done);
    setTimeout(answer, MAX_WAIT_MS, ticket, null);
  });
}

function answer(ticket, edge) {
  asked.get(ticket)?.(edge);
  asked.delete(ticket);
}

onChange(["drawn"], () => {
  const cut = state.scene.cut_out;
  if (cut) answer(cut.ticket, cut);
});
