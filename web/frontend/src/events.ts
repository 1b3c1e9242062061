/**
 * What happens elsewhere (a job, an import in a terminal), told to every tab of this browser.
 *
 * One tab holds the lock and the only stream; it passes everything on. Where the server has no room
 * for a stream (503), that tab asks every few seconds instead.
 *
 * Each event is dispatched on `document` twice: as `mt:event` with {id, name, data}, and as
 * `mt:<name>` with the data, which `hx-trigger="mt:job from:document"` can name.
 *
 * Parts of pages that show the library ask for themselves on `mt:changed`, lists of tracks and albums on
 * `mt:items`: as often as an eye can follow, once more after the last change, and not while the tab is hidden.
 */

export interface LiveEvent {
  id: string;
  name: string;
  data: unknown;
}

const STREAM = "/api/v1/events";
const POLL = "/api/v1/events/recent";
const ASK_EVERY = 5000;
const TRY_STREAM_AFTER = 60_000;

const channel = "BroadcastChannel" in window ? new BroadcastChannel("mt-events") : undefined;
let last = "";

function dispatch(event: LiveEvent): void {
  last = event.id || last;
  document.dispatchEvent(new CustomEvent("mt:event", { detail: event }));
  document.dispatchEvent(new CustomEvent(`mt:${event.name}`, { detail: event.data }));
  if (event.name === "library") noteChange(event.data);
}

const SELDOM = 2000;
const about = document.querySelector<HTMLMetaElement>('meta[name="mt-events"]');
const [generation = 0, items = 0] = (about?.dataset["told"] ?? "").split(" ").map(Number);
let shown = { generation, items };
let seen = shown;
let timer = 0;

function tellParts(): void {
  timer = 0;
  const before = shown;
  if (document.hidden || before.generation === seen.generation) return;
  shown = seen;
  document.dispatchEvent(new CustomEvent("mt:changed"));
  if (before.items !== seen.items) document.dispatchEvent(new CustomEvent("mt:items"));
  timer = window.setTimeout(tellParts, SELDOM);
}

function noteChange(data: unknown): void {
  seen = data as typeof seen;
  if (!timer) tellParts();
}

function tellAll(event: LiveEvent): void {
  dispatch(event);
  channel?.postMessage(event);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Resolves when the server refuses the stream; a lost connection is the browser's to mend. */
function stream(): Promise<void> {
  const names = about?.content.split(" ") ?? [];
  return new Promise((refused) => {
    const source = new EventSource(STREAM);
    for (const name of ["message", ...names.filter(Boolean)]) {
      source.addEventListener(name, (message: MessageEvent<string>) => {
        tellAll({ id: message.lastEventId, name, data: parse(message.data) });
      });
    }
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) refused();
    });
  });
}

async function poll(milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  while (performance.now() < until) {
    await pause(ASK_EVERY);
    if (document.hidden) continue;
    try {
      const answer = await fetch(`${POLL}?since=${encodeURIComponent(last)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) continue;
      const { events } = (await answer.json()) as { events: LiveEvent[] };
      events.forEach(tellAll);
    } catch {
      // The server is away; the next round asks again.
    }
  }
}

async function lead(): Promise<void> {
  for (;;) {
    await stream();
    await poll(TRY_STREAM_AFTER);
  }
}

export function startEvents(): void {
  channel?.addEventListener("message", (message: MessageEvent<LiveEvent>) => dispatch(message.data));
  document.addEventListener("visibilitychange", () => {
    if (!timer) tellParts();
  });
  if ("locks" in navigator) void navigator.locks.request("mt-events", lead);
  else void lead();
}
