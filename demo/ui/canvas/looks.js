// Ways to look at the picture and the dialogue: compare (compare.js), one region alone (only.js), turn by turn
// (film.js), the sheet of keys (keys_sheet.js). Nothing here asks the server.
import { state } from "./state.js";
import { element } from "./parts.js";
import { showCompare } from "./compare.js";
import { showFilm } from "./film.js";
import { showKeys } from "./keys_sheet.js";
import { openLayers } from "./layers.js";
import { isNarrow } from "./looks_bar.js";
import { showOnly, toggleOnly } from "./only.js";
import { closest } from "../shared/nodes.js";

/** By the name of its button: begins a way to look, or ends it. */
export const LOOKS = {
  compare: () => showCompare(state.split === null),
  only: toggleOnly,
  film: () => showFilm(state.step === null),
  keys: showKeys,
};

/** End the one that lies on top: the film, then one region, then the comparison; whether there was one. */
export function endLook() {
  if (state.step !== null) showFilm(false);
  else if (state.only) showOnly(null);
  else if (state.split !== null) showCompare(false);
  else return false;
  return true;
}

element.addEventListener("click", (event) => {
  const button = closest(event, "[data-look]");
  if (!button) return;
  LOOKS[button.dataset.look]();
  if (isNarrow()) openLayers(false);
});
