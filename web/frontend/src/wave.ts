/**
 * <mt-wave data-track="7" data-length="483">: a waveform one can move in.
 *
 * Peaks come as pairs of signed bytes, lowest and highest of each slice. It follows the player when
 * that holds the same track; moving in it dispatches `mt:seek` with {track, share}.
 */
import { clock } from "./dom";

const BAR = 2;
const GAP = 1;
const STEP = 10;
const ASK_AGAIN = 30;
const held = new Map<string, Promise<Int8Array | null>>();

async function fetchPeaks(track: string): Promise<Int8Array | null> {
  for (let asked = 0; asked < ASK_AGAIN; asked += 1) {
    const answer = await fetch(`/api/v1/tracks/${track}/peaks?quiet=1`);
    if (answer.status === 200) return new Int8Array(await answer.arrayBuffer());
    // It is being made, or there is none.
    const after = Number(answer.headers.get("Retry-After") ?? 0);
    if (!after) return null;
    await new Promise((done) => setTimeout(done, after * 1000));
  }
  return null;
}

function peaksOf(track: string): Promise<Int8Array | null> {
  let peaks = held.get(track);
  if (!peaks) {
    peaks = fetchPeaks(track).catch(() => null);
    held.set(track, peaks);
    if (held.size > 30) held.delete(held.keys().next().value ?? "");
  }
  return peaks;
}

/** The largest swing in each of `count` stretches, 0 to 1, the loudest being 1. */
export function heights(peaks: Int8Array, count: number): number[] {
  const pairs = Math.floor(peaks.length / 2);
  const found = Array.from({ length: count }, (_, bar) => {
    const first = Math.floor((bar * pairs) / count);
    const end = Math.max(first + 1, Math.floor(((bar + 1) * pairs) / count));
    let most = 0;
    for (let pair = first; pair < end; pair += 1) {
      most = Math.max(most, (peaks[2 * pair + 1] ?? 0) - (peaks[2 * pair] ?? 0));
    }
    return most;
  });
  const loudest = Math.max(1, ...found);
  return found.map((each) => each / loudest);
}

export class Wave extends HTMLElement {
  static observedAttributes = ["data-track"];
  private readonly canvas = document.createElement("canvas");
  private readonly tone = document.createElement("span");
  private peaks: Int8Array | null = null;
  private share = 0;
  private readonly sizes = new ResizeObserver(() => this.draw());
  private readonly redraw = () => this.draw();
  private readonly follow = (event: Event) => {
    const { track, position, length } = (event as CustomEvent<{ track: string; position: number; length: number }>).detail;
    if (track === this.track && length) this.moveTo(position / length, length);
  };

  get track(): string {
    return this.dataset["track"] ?? "";
  }

  get length(): number {
    return Number(this.dataset["length"] ?? 0);
  }

  connectedCallback(): void {
    this.tone.className = "wave-played";
    this.tone.hidden = true;
    if (!this.canvas.isConnected) this.append(this.canvas, this.tone);
    this.setAttribute("role", "slider");
    this.setAttribute("tabindex", "0");
    this.setAttribute("aria-label", this.dataset["label"] ?? "Position");
    this.setAttribute("aria-valuemin", "0");
    this.sizes.observe(this);
    document.addEventListener("mt:theme", this.redraw);
    document.addEventListener("mt:progress", this.follow);
    this.addEventListener("pointerdown", this.pointed);
    this.addEventListener("keydown", this.keyed);
    this.moveTo(0, this.length);
  }

  disconnectedCallback(): void {
    this.sizes.disconnect();
    document.removeEventListener("mt:theme", this.redraw);
    document.removeEventListener("mt:progress", this.follow);
  }

  attributeChangedCallback(): void {
    this.peaks = null;
    this.share = 0;
    const track = this.track;
    if (!track) return;
    void peaksOf(track).then((peaks) => {
      if (track !== this.track) return;
      this.peaks = peaks;
      this.draw();
    });
  }

  moveTo(share: number, length: number): void {
    this.share = Math.min(1, Math.max(0, share));
    this.setAttribute("aria-valuemax", String(Math.round(length)));
    this.setAttribute("aria-valuenow", String(Math.round(this.share * length)));
    this.setAttribute("aria-valuetext", `${clock(this.share * length)} of ${clock(length)}`);
    if (length) this.dataset["length"] = String(length);
    this.draw();
  }

  private seek(share: number): void {
    document.dispatchEvent(new CustomEvent("mt:seek", { detail: { track: this.track, share: Math.min(1, Math.max(0, share)) } }));
  }

  private readonly pointed = (event: PointerEvent) => {
    const move = (moved: PointerEvent) => {
      const box = this.getBoundingClientRect();
      const share = (moved.clientX - box.left) / box.width;
      this.moveTo(share, this.length);
      return share;
    };
    const up = (last: PointerEvent) => {
      this.removeEventListener("pointermove", move);
      this.seek(move(last));
    };
    this.setPointerCapture(event.pointerId);
    this.addEventListener("pointermove", move);
    this.addEventListener("pointerup", up, { once: true });
    move(event);
  };

  private readonly keyed = (event: KeyboardEvent) => {
    const length = this.length;
    const by: Record<string, number> = { ArrowLeft: -STEP, ArrowRight: STEP, PageDown: 30, PageUp: -30 };
    const seconds = by[event.key];
    if (event.key === "Home") this.seek(0);
    else if (seconds && length) this.seek(this.share + seconds / length);
    else return;
    event.preventDefault();
  };

  private draw(): void {
    const { clientWidth: width, clientHeight: height } = this;
    const context = this.canvas.getContext("2d");
    if (!width || !height || !context) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    context.scale(scale, scale);
    this.tone.hidden = false;
    const played = getComputedStyle(this.tone).color;
    this.tone.hidden = true;
    const { color: rest } = getComputedStyle(this);
    const head = Math.round(this.share * width);
    const bars = Math.floor(width / (BAR + GAP));
    const tall = this.peaks ? heights(this.peaks, bars) : new Array<number>(bars).fill(0.04);
    tall.forEach((part, bar) => {
      const x = bar * (BAR + GAP);
      const size = Math.max(2, part * (height - 4));
      context.fillStyle = x < head ? played : rest;
      context.fillRect(x, (height - size) / 2, BAR, size);
    });
    if (!this.share) return;
    context.fillStyle = getComputedStyle(document.body).color;
    context.fillRect(head - 1, 0, 2, height);
  }
}

customElements.define("mt-wave", Wave);
