// The cut-out of a region: its pixels at the picture's full size, all else transparent.
import { outlinePath, pictureSize, state } from "./state.js";
import { image, overlay } from "./parts.js";
import { around } from "./geometry.js";
import { tell } from "./voice.js";
import { fileStem } from "../shared/names.js";
import { node, shape } from "../shared/nodes.js";

const MAX_KEPT_MS = 10000; // by then the browser has begun to write the file

export async function downloadCutOut(region) {
  const blob = await cutOut(region);
  if (!blob) return tell("The browser could not make the cut-out: it is too large.");
  const link = node("a", {
    href: URL.createObjectURL(blob),
    download: `${fileStem(state.scene.name)}-${region.id}.png`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), MAX_KEPT_MS);
  tell(`The cut-out of ${region.id} is in your downloads.`);
}

async function cutOut(region) {
  await image.decode();
  const parts = region.objects.map((object) => ({ box: object.box, outline: outlinePath(object) }));
  const [left, top, right, bottom] = around(parts.map((part) => (part.outline ? maskExtent(part.outline) : part.box)));
  const paper = node("canvas", { width: right - left, height: bottom - top });
  const ink = paper.getContext("2d");
  ink.translate(-left, -top);
  for (const part of parts) fillPart(ink, part);
  ink.globalCompositeOperation = "source-in";
  ink.drawImage(image, 0, 0, ...pictureSize());
  return new Promise((done) => paper.toBlob(done, "image/png"));
}

// An outline runs through the middles of the mask's outermost pixels (a point is a pixel's number), so
// half a pixel more on each side makes the mask whole again.
function fillPart(ink, { box: [x1, y1, x2, y2], outline: d }) {
  if (!d) return ink.fillRect(x1, y1, x2 - x1, y2 - y1);
  const path = new Path2D();
  path.addPath(new Path2D(d), new DOMMatrix([1, 0, 0, 1, 0.5, 0.5]));
  ink.lineWidth = 1.001; // lines of one pixel or less are drawn as hairlines, without corners
  ink.fill(path, "evenodd");
  ink.stroke(path);
}

function maskExtent(d) {
  const path = shape("path", { d });
  overlay.append(path);
  const { x, y, width, height } = path.getBBox();
  path.remove();
  const [wide, high] = pictureSize();
  return [x, y, Math.min(wide, x + width + 1), Math.min(high, y + height + 1)];
}
