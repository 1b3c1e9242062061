/** Following links without losing what plays: only #main is exchanged (see base.html). */
import htmx from "htmx.org/dist/htmx.esm.js";
import { toast } from "./toasts";

const PARTS = { target: "#main", select: "#main", swap: "outerHTML", selectOOB: "#nav,#tabs" };
const SLOW = 150;

interface RequestContext {
  sourceElement: Element;
  request: { action: string; method: string };
  response?: { status: number };
  text?: string;
  target?: Element | string;
}

const contextOf = (event: Event): RequestContext | undefined =>
  (event as CustomEvent<{ ctx?: RequestContext }>).detail?.ctx;

/** Whether this request brings a whole page, not a part of one. */
function isPage(context: RequestContext | undefined): boolean {
  const target = context?.target;
  return target instanceof Element ? target.id === "main" : target === "#main";
}

function entryKey(): string {
  return (history.state as { mt?: string } | null)?.mt ?? location.pathname + location.search;
}

const places = new Map<string, number>(
  JSON.parse(sessionStorage.getItem("mt.scroll") ?? "[]") as [string, number][],
);
let current = "";
let restoring = false;

function rememberPlace(): void {
  if (!restoring) places.set(current, window.scrollY);
}

function stampEntry(): void {
  const state = (history.state ?? {}) as Record<string, unknown>;
  if (!state["mt"]) history.replaceState({ ...state, htmx: true, mt: crypto.randomUUID?.() ?? String(performance.now()) }, "");
  current = entryKey();
}

async function restore(path: string): Promise<void> {
  restoring = true;
  current = entryKey();
  try {
    await htmx.ajax("GET", path, { ...PARTS, push: "false" });
    window.scrollTo(0, places.get(current) ?? 0);
  } finally {
    restoring = false;
  }
}

/** After a new page came in: name it, focus its heading, count as a place of its own. */
function arrived(): void {
  const heading = document.querySelector<HTMLElement>("#main h1");
  if (!document.querySelector("#main [autofocus]")) heading?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("mt:page", { detail: { path: location.pathname } }));
}

/** Go to a page as if a link had been followed. */
export function visit(path: string): void {
  void htmx.ajax("GET", path, { ...PARTS, push: "true" });
}

export function startNavigation(): void {
  history.scrollRestoration = "manual";
  stampEntry();
  addEventListener("scroll", rememberPlace, { passive: true });
  addEventListener("pagehide", () => {
    sessionStorage.setItem("mt.scroll", JSON.stringify([...places].slice(-50)));
  });
  // A reload comes back to where it was.
  window.scrollTo(0, places.get(current) ?? 0);

  document.addEventListener("htmx:before:history:restore", (event) => {
    event.preventDefault();
    void restore((event as CustomEvent<{ path: string }>).detail.path);
  });
  document.addEventListener("htmx:after:history:push", stampEntry);

  let timer = 0;
  document.addEventListener("htmx:before:request", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => document.documentElement.classList.add("loading"), SLOW);
  });
  document.addEventListener("htmx:finally:request", () => {
    clearTimeout(timer);
    document.documentElement.classList.remove("loading");
  });
  document.addEventListener("htmx:before:swap", (event) => {
    const context = contextOf(event);
    // A page without our frame (signed out, foreign): load it whole.
    if (isPage(context) && context?.text && !/id="?main/.test(context.text)) {
      event.preventDefault();
      location.assign(context.request.action);
    }
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (isPage(contextOf(event))) arrived();
  });
  document.addEventListener("htmx:error", () => toast("The server does not answer. Nothing was changed.", { failed: true }));
}
