// What can be done with a region, in the menu of its card and of its place on the picture.
// Changes go to the server as acts; copying and cutting out happen here in the browser.
import { knownRegion, regionOf, state } from "./state.js";
import { cards, element } from "./parts.js";
import { act } from "./acts.js";
import { cardFor, REFINE } from "./cards.js";
import { toggleChosen } from "./chosen.js";
import { insert } from "./cite.js";
import { askCloser } from "./closer.js";
import { correctRegion, refineOutline } from "./correct.js";
import { downloadCutOut } from "./cut_out_bar.js";
import { REGION_ICONS as ICONS } from "./icons.js";
import { startNaming } from "./naming.js";
import { showOnly } from "./only.js";
import { tell } from "./voice.js";
import { copyText } from "../shared/clipboard.js";
import { hasJustClosed, menu, openMenu } from "../shared/menu.js";
import { closest, one } from "../shared/nodes.js";

function actsOn(region) {
  const { id, hidden, objects } = region;
  const isOnly = state.only === id;
  return [
    { text: "Cite", key: "Enter", icon: ICONS.cite, run: () => insert(id) },
    { text: "Look closer", key: "K", icon: ICONS.closer, run: () => askCloser(id) },
    { text: "Rename", key: "F2", icon: ICONS.rename, run: () => startNaming(id) },
    ...(hidden ? [] : [
      ...(objects.some(({ doubt }) => doubt)
        ? [{ text: REFINE, icon: ICONS.correct, run: () => refineOutline(region) }]
        : []),
      { text: "Correct", icon: ICONS.correct, run: () => correctRegion(region) },
      {
        text: isOnly ? "Show all" : "Only this region",
        key: "F",
        icon: ICONS.only,
        run: () => showOnly(isOnly ? null : id),
      },
    ]),
    ...(hidden ? [] : [{
      text: state.chosen.includes(id) ? "Choose no more" : "Choose, to add others",
      icon: ICONS.choose,
      run: () => toggleChosen(id),
    }]),
    { text: hidden ? "Show" : "Hide", key: "H", icon: hidden ? ICONS.show : ICONS.hide, run: () => hideOrShow(region) },
    { text: objects.length === 1 ? "Copy box" : "Copy boxes", icon: ICONS.copy, run: () => copyBoxes(region) },
    { text: "Download cut-out", icon: ICONS.cut, run: () => downloadCutOut(region) },
    { text: "Delete", key: "Delete", icon: ICONS.delete, apart: true, run: () => deleteRegion(id) },
  ];
}

function deleteRegion(id) {
  act({ kind: "delete", region: id }, null, () => regionOf(id) || tell(`${id} was deleted. Undo brings it back.`));
}

/** Hide a region, or show a hidden one. */
export function hideOrShow({ id, hidden }) {
  act({ kind: "hide", region: id, hidden: !hidden });
}

async function copyBoxes({ id, objects }) {
  const lines = objects.map(({ box }) => `[${box.join(", ")}]`);
  const copied = await copyText(lines.join("\n"), element);
  if (!copied) tell("The browser did not allow copying.");
  else {tell(
      lines.length === 1 ? `Copied ${lines[0]}, the box of ${id}.` : `Copied the ${lines.length} boxes of ${id}.`,
    );}
}

// Where the menu is opened: a card's ⋯, or the other mouse button on a card or on the picture --------

function open(button, region, at) {
  openMenu(button, `${region.id} ${region.title}`, actsOn(region), at);
}

function onCardClick(event) {
  if (closest(event, ".card-field")) return event.stopPropagation();
  const button = closest(event, "#regions :is([data-menu], [data-show], [data-refine])");
  if (!button) return;
  event.stopPropagation();
  const region = knownRegion(button.dataset.menu || button.dataset.show || button.dataset.refine);
  if (button.dataset.show) hideOrShow(region);
  else if (button.dataset.refine) refineOutline(region);
  else if (!hasJustClosed(button)) open(button, region);
}

// On the picture it opens where the pointer is; a long press of a finger does the same.
function onRegionMenu(event) {
  const place = closest(event, "#regions .card, #canvas [data-region], #canvas [data-of]");
  if (!place || closest(event, "input") || (state.tool !== "select" && !place.matches(".card"))) return;
  event.preventDefault();
  const region = knownRegion(place.dataset.region || place.dataset.of);
  const [x, y] = [event.clientX, event.clientY];
  open(one(".card-more", cardFor(region.id)), region, { left: x, right: x, top: y, bottom: y });
}

element.append(menu);
window.addEventListener("click", onCardClick, true); // before the whole card's click, which cites
element.addEventListener("contextmenu", onRegionMenu);
cards.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" || !event.target.matches("[data-menu]")) return;
  event.preventDefault();
  event.stopPropagation();
  event.target.click();
}, true);
