// How much of the window is seen. Some browsers lay a keyboard over the page and tell only the visual viewport.
import { one, whenThere } from "./nodes.js";
import { standsBehind } from "./panel.js";

const MIN_COVERED = 1; // pixels; less is a matter of rounding
const seen = window.visualViewport;

function fitPage() {
  const { style } = one("#page");
  const covered = seen && seen.scale === 1 && innerHeight - seen.height > MIN_COVERED; // and not merely enlarged
  style.setProperty("--seen", covered ? `${seen.height}px` : "");
  style.setProperty("--seen-top", covered ? `${seen.offsetTop}px` : "");
}

whenThere("#page", () => {
  fitPage();
  for (const kind of ["resize", "scroll"]) seen?.addEventListener(kind, fitPage);
});
whenThere("#more", (more) => more.setAttribute("aria-expanded", "false"));
whenThere("#further", (panel) => panel.setAttribute("data-leaves", ""));
standsBehind("#more", "#further");
