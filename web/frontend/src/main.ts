/** What every page loads: links that keep the sound, keys, messages, live events, the player. */
import "htmx.org/dist/htmx.esm.js";
import { startCopying } from "./copy";
import { startEvents } from "./events";
import { startKeys } from "./keys";
import { startNavigation } from "./navigate";
import "./player";
import { startSheets } from "./sheets";
import { startTheme } from "./theme";
import { startToasts } from "./toasts";
import "./wave";

/** Elements that only some pages hold: their code is loaded when one appears. */
const LATER: Record<string, () => Promise<unknown>> = {
  ".selectable": () => import("./pages/library"),
  "mt-arrange": () => import("./arrange"),
  "mt-review": () => import("./review"),
  "mt-decks": () => import("./decks"),
  "mt-scan": () => import("./scan"),
  "mt-editor": () => import("./editor/editor"),
};

function loadElements(): void {
  for (const [name, load] of Object.entries(LATER)) {
    if (!customElements.get(name) && document.querySelector(name)) void load();
  }
}

document.documentElement.classList.add("js");
startTheme();
startSheets();
startToasts();
startNavigation();
startKeys();
startCopying();
loadElements();
document.addEventListener("mt:page", loadElements);
document.addEventListener("htmx:after:swap", loadElements);
// The stream waits until the page itself is there.
if (document.readyState === "complete") startEvents();
else addEventListener("load", () => startEvents());
