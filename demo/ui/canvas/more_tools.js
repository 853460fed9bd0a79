// What is done with several regions, in a menu: for fingers, and for whoever does not know the keys.
import { onChange, state } from "./state.js";
import { chooseAll, rank } from "./chosen.js";
import { copyChosen, duplicate, hasCopied, pasteKept } from "./copying.js";
import { REGION_ICONS as ICONS } from "./icons.js";
import { looks } from "./looks_bar.js";
import { takeTool } from "./tools.js";
import { tell } from "./voice.js";
import { hasJustClosed, openMenu } from "../shared/menu.js";
import { buttonNode, drawIcon, node } from "../shared/nodes.js";

const LABEL = "More tools: polygon, brush, copy, order";
const button = buttonNode(
  { title: LABEL, "aria-haspopup": "menu", "aria-expanded": "false" },
  drawIcon(ICONS.choose),
  node("span", {}, "More tools"),
);
function choices() {
  return [
    { text: "Polygon", key: "G", icon: ICONS.polygon, run: () => takeTool("polygon") },
    { text: "Brush", key: "M", icon: ICONS.brush, run: () => takeTool("brush") },
    { text: "Eraser", key: "E", icon: ICONS.eraser, run: () => takeTool("eraser") },
    { text: "Choose all", key: "Ctrl A", icon: ICONS.choose, apart: true, run: chooseAll },
    { text: "Copy", key: "Ctrl C", icon: ICONS.copy, run: copyChosen },
    {
      text: "Paste",
      key: "Ctrl V",
      icon: ICONS.paste,
      run: () => hasCopied() ? pasteKept() : tell("Copy a region first."),
    },
    { text: "Duplicate", key: "Ctrl D", icon: ICONS.copy, run: duplicate },
    { text: "Bring to front", key: "]", icon: ICONS.front, apart: true, run: () => rank(1) },
    { text: "Send to back", key: "[", icon: ICONS.back, run: () => rank(-1) },
  ];
}

button.addEventListener("click", (event) => {
  event.stopPropagation(); // the panel that it may stand in stays open
  if (!hasJustClosed(button)) openMenu(button, LABEL, choices());
});
onChange(["drawn"], () => {
  button.disabled = !state.scene.picture;
});
looks.append(button);
