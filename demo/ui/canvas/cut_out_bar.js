// A bar on the picture for the cut-out that was just saved: its background, to save it so, and to copy it.
import { onChange, regionOf } from "./state.js";
import { stage } from "./parts.js";
import { cutOut, cutOutName, save } from "./cut_out.js";
import { say, tell } from "./voice.js";
import { all, buttonNode, closest, node } from "../shared/nodes.js";

const FAILED = "The cut-out could not be made.";
const PAPERS = { clear: "Transparent", white: "White" };
let region = null; // the one whose cut-out is at hand
let onWhite = false;

const bar = node(
  "div",
  { class: "cut-bar", role: "group" },
  node(
    "div",
    { class: "segments", role: "group", "aria-label": "Background" },
    ...Object.entries(PAPERS).map(([name, text]) => buttonNode({ "data-paper": name }, text)),
  ),
  buttonNode({ "data-cut": "save" }, "Save"),
  buttonNode({ "data-cut": "copy" }, "Copy"),
  buttonNode({ "data-cut": "close", "aria-label": "Close" }, "×"),
);

/** Save the cut-out of a region, and offer what else can be done with it. */
export async function downloadCutOut(wanted) {
  region = wanted;
  say(`The cut-out of ${region.id} is being made.`);
  if (!await saveIt()) return tell(FAILED);
  tell(`The cut-out of ${wanted.id} is in your downloads.`);
  if (region === wanted) openBar();
}

async function saveIt() {
  const [wanted, white] = [region, onWhite];
  const blob = await made(wanted, white);
  if (blob) save(blob, cutOutName(wanted, white));
  return Boolean(blob);
}

// Browsers that do not take the picture, or its size, throw.
async function made(wanted, white) {
  try {
    return await cutOut(wanted, white);
  } catch {
    return null;
  }
}

async function copyIt() {
  const { id } = region;
  try {
    // A promise, because some browsers let only the click itself copy.
    const png = made(region, onWhite).then((blob) => blob || Promise.reject(new Error(FAILED)));
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    tell(`The cut-out of ${id} was copied.`);
  } catch {
    const saved = await saveIt();
    tell(saved ? "The browser did not allow copying: the cut-out is in your downloads instead." : FAILED);
  }
}

function openBar() {
  bar.setAttribute("aria-label", `The cut-out of ${region.id}`);
  showPaper();
  stage.append(bar);
}

function closeBar() {
  if (bar.contains(document.activeElement)) stage.focus({ preventScroll: true });
  region = null;
  bar.remove();
}

function showPaper() {
  for (const button of all("[data-paper]", bar)) {
    button.setAttribute("aria-pressed", (button.dataset.paper === "white") === onWhite);
  }
}

const ACTS = {
  save: async () => tell(await saveIt() ? "It is in your downloads." : FAILED),
  copy: copyIt,
  close: closeBar,
};

bar.addEventListener("click", (event) => {
  const [paper, cut] = ["[data-paper]", "[data-cut]"].map((part) => closest(event, part)?.dataset);
  if (paper) onWhite = paper.paper === "white";
  showPaper();
  if (cut) ACTS[cut.cut]();
});
bar.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  event.stopPropagation();
  closeBar();
});
onChange(["tool", "step", "split"], () => bar.isConnected && closeBar());
onChange(["drawn"], () => {
  if (!bar.isConnected) return;
  const now = regionOf(region.id);
  if (!now) closeBar();
  else region = now;
});
