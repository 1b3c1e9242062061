/**
 * <mt-player>: what plays, outside #main, so that it goes on while pages change.
 *
 * Started by `data-play="<id>"` (and `data-queue="[ids]"`, or inside a `data-plays` list) anywhere, or by `mt:play` on document with
 * {id, queue?}. Tells `mt:progress` {track, position, length, playing} and `mt:track` {track}.
 */
import { bdi, clock, icon, isTyping, make, on } from "./dom";
import type { Deck } from "./playersheet";
import { toast } from "./toasts";
import { Wave } from "./wave";

export interface Track {
  id: string;
  title: string;
  artist: string;
  album?: string;
  /** URL of a square picture, empty for none. */
  cover?: string;
  /** Camelot, "8A". */
  key?: string;
  bpm?: number;
  /** Seconds. */
  length?: number;
  /** URL of its page. */
  href?: string;
}

interface Kept {
  track: Track;
  position: number;
  queue: string[];
  earlier: string[];
  playing: boolean;
}

const KEPT = "mt.player";
const VOLUME = "mt.volume";

function button(name: string, label: string, classes: string): HTMLButtonElement {
  return make("button", { type: "button", class: `pl-btn ${classes}`, "aria-label": label, title: label }, icon(name, 20));
}

/** What follows a track: named by the button itself, else the list of tracks that it stands in. */
function queueOf(element: HTMLElement): string[] {
  const named = element.dataset["queue"];
  if (named) return (JSON.parse(named) as (string | number)[]).map(String);
  const list = element.closest("[data-plays]");
  return [...(list?.querySelectorAll<HTMLElement>("[data-play]") ?? [])].map((each) => each.dataset["play"] ?? "");
}

class Player extends HTMLElement {
  private readonly audio = new Audio();
  private readonly what = make("div", { class: "pl-what" });
  private readonly previous = button("skip-back", "Previous", "pl-prev");
  private readonly toggle = button("play", "Play", "pl-play");
  private readonly next = button("skip-forward", "Next", "pl-next");
  private readonly position = make("span", { class: "pl-time" });
  private readonly wave = make("div", { class: "pl-wave" });
  private readonly total = make("span", { class: "pl-time" });
  private readonly facts = make("span", { class: "row" });
  private readonly volume = make("input", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": "Volume" });
  private readonly line = make("progress", { class: "pl-line", max: 1, value: 0, "aria-hidden": "true" });
  private track: Track | undefined;
  private queue: string[] = [];
  private earlier: string[] = [];
  private resumeAt = 0;

  connectedCallback(): void {
    if (this.firstChild) return;
    this.setAttribute("role", "region");
    this.setAttribute("aria-label", "Player");
    const volume = make("span", { class: "pl-volume" }, this.volume);
    const mute = button("volume-2", "Mute", "");
    volume.prepend(mute);
    const list = button("list-music", "What plays next", "pl-list");
    const open = make("button", { type: "button", class: "pl-open", "aria-label": "Open the player", "aria-haspopup": "dialog" });
    open.addEventListener("click", () => void import("./playersheet").then(({ openPlayer }) => openPlayer(this.deck())));
    this.append(this.line, this.what, open, this.previous, this.toggle, this.next, this.position, this.wave, this.total, this.facts, volume, list);
    this.audio.preload = "metadata";
    this.audio.volume = Number(localStorage.getItem(VOLUME) ?? 1);
    this.volume.value = String(this.audio.volume);

    this.toggle.addEventListener("click", () => this.playOrPause());
    this.next.addEventListener("click", () => this.skip());
    this.previous.addEventListener("click", () => this.back());
    list.addEventListener("click", () => void this.showQueue());
    mute.addEventListener("click", () => {
      this.audio.muted = !this.audio.muted;
      mute.replaceChildren(icon(this.audio.muted ? "volume-x" : "volume-2", 20));
      mute.setAttribute("aria-pressed", String(this.audio.muted));
    });
    this.volume.addEventListener("input", () => {
      this.audio.volume = Number(this.volume.value);
      localStorage.setItem(VOLUME, this.volume.value);
    });
    this.listenToAudio();
    this.listenToPage();
    this.restore();
  }

  private listenToAudio(): void {
    const { audio } = this;
    for (const name of ["timeupdate", "seeked", "durationchange"]) audio.addEventListener(name, () => this.progressed());
    for (const name of ["play", "pause"]) audio.addEventListener(name, () => this.stateChanged());
    audio.addEventListener("loadedmetadata", () => {
      if (this.resumeAt) audio.currentTime = this.resumeAt;
      this.resumeAt = 0;
    });
    audio.addEventListener("ended", () => this.skip());
    audio.addEventListener("error", () => {
      if (!this.track || !audio.src) return;
      toast(`“${this.track.title}” cannot be played.`, { failed: true });
      this.stateChanged();
    });
  }

  private listenToPage(): void {
    on("click", "[data-play]", (element, event) => {
      event.preventDefault();
      const id = element.dataset["play"] ?? "";
      if (id === this.track?.id) return this.playOrPause();
      const queue = queueOf(element);
      const named = (element.getAttribute("aria-label") ?? "").replace(/^Play /, "");
      const { title = named, artist = "", cover = "" } = element.dataset;
      void this.play(id, queue, { id, title, artist, cover });
    });
    document.addEventListener("mt:play", (event) => {
      const { id, queue = [] } = (event as CustomEvent<{ id: string | number; queue?: (string | number)[] }>).detail;
      void this.play(String(id), queue.map(String));
    });
    document.addEventListener("mt:seek", (event) => {
      const { track, share } = (event as CustomEvent<{ track: string; share: number }>).detail;
      if (track === this.track?.id) this.seek(share * this.length);
      else void this.play(track, [], undefined, share);
    });
    document.addEventListener("keydown", (event) => {
      const free = !isTyping(event.target) && !(event.target instanceof Element && event.target.closest("button, a, summary, [role=slider], label, dialog"));
      if (event.key === " " && free && this.track && !event.repeat) {
        event.preventDefault();
        this.playOrPause();
      }
    });
    document.addEventListener("mt:page", () => this.mark());
    addEventListener("pagehide", () => this.keep());
  }

  private get length(): number {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : (this.track?.length ?? 0);
  }

  /** Start a track; `share` of it may be skipped. Unknown details are asked for. */
  async play(id: string, queue: string[] = [], known?: Track, share = 0): Promise<void> {
    if (this.track && this.track.id !== id) this.earlier = [...this.earlier, this.track.id].slice(-50);
    this.queue = queue.includes(id) ? queue.slice(queue.indexOf(id) + 1) : queue;
    this.load(known?.title ? known : { id, title: "…", artist: "" });
    const started = this.audio.play().catch(() => this.stateChanged());
    await this.complete(id);
    if (share && this.track?.id === id) {
      if (this.audio.readyState) this.seek(share * this.length);
      else this.resumeAt = share * this.length;
    }
    await started;
  }

  private async complete(id: string): Promise<void> {
    try {
      const answer = await fetch(`/api/v1/tracks/${id}`, { headers: { Accept: "application/json" } });
      if (!answer.ok || this.track?.id !== id) return;
      const full = (await answer.json()) as Track;
      this.track = { ...this.track, ...full, id };
      this.show();
    } catch {
      // It still plays; only its details are missing.
    }
  }

  private load(track: Track, position = 0): void {
    this.track = track;
    this.resumeAt = position;
    this.audio.src = `/api/v1/tracks/${track.id}/audio`;
    document.documentElement.classList.add("has-player");
    const wave = new Wave();
    wave.dataset["track"] = track.id;
    wave.dataset["length"] = String(track.length ?? 0);
    wave.className = "pl-wave";
    this.wave.replaceChildren(wave);
    this.show();
    document.dispatchEvent(new CustomEvent("mt:track", { detail: { track: track.id } }));
  }

  private show(): void {
    const { track } = this;
    if (!track) return;
    const art = track.cover
      ? make("img", { src: track.cover, alt: "", width: 44, height: 44 })
      : make("span", { class: "noart", "aria-hidden": "true" });
    const title = track.href ? make("a", { href: track.href }, bdi(track.title)) : bdi(track.title);
    this.what.replaceChildren(make("span", { class: "cover" }, art), make("div", { class: "grow" }, make("p", {}, title), make("p", {}, bdi(track.artist))));
    const parts: Node[] = [];
    if (track.key) parts.push(make("span", { class: `key k${track.key.toLowerCase()}${/b$/i.test(track.key) ? " key-b" : ""}` }, track.key));
    if (track.bpm) parts.push(make("span", { class: "pl-bpm" }, track.bpm.toFixed(2)));
    this.facts.replaceChildren(...parts);
    this.next.disabled = !this.queue.length;
    this.progressed();
    this.mark();
    this.tellSystem();
    document.dispatchEvent(new CustomEvent("mt:details", { detail: { track: track.id } }));
  }

  /** What a sheet over the page may see and do. */
  private deck(): Deck {
    return {
      now: () => ({
        track: this.track ?? { id: "", title: "", artist: "" },
        position: this.resumeAt || this.audio.currentTime,
        length: this.length,
        playing: !this.audio.paused,
        queue: this.queue,
      }),
      titles: (ids) => this.titles(ids),
      previous: () => this.back(),
      toggle: () => this.playOrPause(),
      next: () => this.skip(),
      jump: (place) => {
        const id = this.queue[place];
        if (id) void this.play(id, this.queue.slice(place + 1));
      },
    };
  }

  /** What tracks are called: as the page says it, else as the library does. */
  private async titles(ids: readonly string[]): Promise<Map<string, string>> {
    const asked = ids.map(async (id): Promise<[string, string]> => {
      const shown = document.querySelector<HTMLElement>(`[data-play="${CSS.escape(id)}"]`);
      const said = shown?.dataset["title"] ?? shown?.getAttribute("aria-label")?.replace(/^Play /, "");
      if (said) return [id, said];
      const answer = await fetch(`/api/v1/tracks/${id}`, { headers: { Accept: "application/json" } }).catch(() => null);
      const known = answer?.ok ? ((await answer.json()) as Track).title : "";
      return [id, known || `Track ${id}`];
    });
    return new Map(await Promise.all(asked));
  }

  private playOrPause(): void {
    if (this.audio.paused) void this.audio.play().catch(() => this.stateChanged());
    else this.audio.pause();
  }

  private skip(): void {
    const [id, ...rest] = this.queue;
    if (id) void this.play(id, rest);
    else this.stateChanged();
  }

  private back(): void {
    const id = this.earlier.at(-1);
    if (this.audio.currentTime > 4 || !id) return this.seek(0);
    this.earlier = this.earlier.slice(0, -1);
    const rest = this.track ? [this.track.id, ...this.queue] : this.queue;
    this.track = undefined;
    void this.play(id, rest);
  }

  private seek(seconds: number): void {
    this.audio.currentTime = Math.min(Math.max(0, seconds), this.length || seconds);
  }

  private progressed(): void {
    const { length, track } = this;
    if (!track) return;
    const at = this.resumeAt || this.audio.currentTime;
    this.position.textContent = clock(at);
    this.total.textContent = clock(length);
    this.line.value = length ? at / length : 0;
    document.dispatchEvent(new CustomEvent("mt:progress", { detail: { track: track.id, position: at, length, playing: !this.audio.paused } }));
    if (length && "mediaSession" in navigator) {
      navigator.mediaSession.setPositionState({ duration: length, position: Math.min(at, length) });
    }
  }

  private stateChanged(): void {
    const playing = !this.audio.paused;
    this.toggle.replaceChildren(icon(playing ? "pause" : "play", 20));
    this.toggle.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.toggle.title = playing ? "Pause" : "Play";
    if ("mediaSession" in navigator) navigator.mediaSession.playbackState = playing ? "playing" : "paused";
    this.mark();
    this.keep();
  }

  /** Show in the page which of its rows plays. */
  private mark(): void {
    const playing = !this.audio.paused;
    for (const element of document.querySelectorAll<HTMLElement>("[data-play]")) {
      const mine = element.dataset["play"] === this.track?.id;
      const shown = mine && playing;
      if (element.classList.contains("btn-play") && (shown || element.dataset["shown"])) {
        element.replaceChildren(icon(shown ? "pause" : "play"));
        if (shown) element.dataset["shown"] = "1";
        else delete element.dataset["shown"];
      }
      element.closest("tr, [data-row]")?.classList.toggle("playing", mine);
    }
  }

  private tellSystem(): void {
    const { track } = this;
    if (!track || !("mediaSession" in navigator)) return;
    const { mediaSession } = navigator;
    const artwork = track.cover ? [{ src: track.cover }] : [];
    mediaSession.metadata = new MediaMetadata({ title: track.title, artist: track.artist, album: track.album ?? "", artwork });
    mediaSession.setActionHandler("play", () => this.playOrPause());
    mediaSession.setActionHandler("pause", () => this.playOrPause());
    mediaSession.setActionHandler("nexttrack", this.queue.length ? () => this.skip() : null);
    mediaSession.setActionHandler("previoustrack", () => this.back());
    mediaSession.setActionHandler("seekto", ({ seekTime }) => this.seek(seekTime ?? 0));
  }

  private async showQueue(): Promise<void> {
    const { queueList } = await import("./playersheet");
    const deck = this.deck();
    const list = queueList(deck, (place) => {
      dialog.close();
      deck.jump(place);
    });
    const dialog = make("dialog", { class: "pl-queue", "aria-label": "What plays next" }, make("h2", {}, "What plays next"), list);
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  private keep(): void {
    if (!this.track) return;
    const { track, queue, earlier } = this;
    const kept: Kept = { track, queue, earlier, position: this.resumeAt || this.audio.currentTime, playing: !this.audio.paused };
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
  }

  private restore(): void {
    const text = sessionStorage.getItem(KEPT);
    if (!text) return;
    const { track, position, queue, earlier, playing } = JSON.parse(text) as Kept;
    this.queue = queue;
    this.earlier = earlier;
    this.load(track, position);
    // Browsers may refuse sound before the first touch; then it waits, paused, at its place.
    if (playing) void this.audio.play().catch(() => this.stateChanged());
  }
}

customElements.define("mt-player", Player);
