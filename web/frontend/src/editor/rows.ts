/**
 * The rows of the grid: a list of ids that stands still, and texts in windows, asked for as they
 * come into view. A request that nobody looks at any more is aborted, and asked again when needed.
 */
import { type Field, KINDS, type Kind } from "./fields";

export const WINDOW = 200;
const KEPT = 150;
const AT_ONCE = 3;

export interface Row {
  id: number;
  /** In the order of `fields`. */
  texts: string[];
}

interface Cells {
  fields: string[];
  rows: [number, ...string[]][];
  generation: number;
}

export async function answerOf<T>(request: Promise<Response>): Promise<T> {
  const answer = await request;
  const body = (await answer.json().catch(() => ({}))) as T & { detail?: string };
  if (!answer.ok) throw new Error(body.detail ?? `The server says ${answer.status}.`);
  return body;
}

export class Rows {
  ids: number[] = [];
  fields: Field[] = [];
  kind: Kind = KINDS.item;
  /** Called when rows came in, or could not. */
  onChange: () => void = () => undefined;
  private names: string[] = [];
  private windows = new Map<number, Map<number, Row>>();
  private readonly asked = new Map<number, AbortController>();
  private stale = new Set<number>();
  private readonly places = new Map<number, number>();
  private wanted: number[] = [];

  /** Number of rows; more than `ids` while only the first ones are known. */
  total = 0;

  /** Texts stay when the list begins as before. */
  setIds(ids: number[], total = ids.length): void {
    const goesOn = this.ids.every((id, place) => ids[place] === id);
    this.ids = ids;
    this.total = total;
    this.places.clear();
    ids.forEach((id, place) => this.places.set(id, place));
    if (!goesOn) this.forget();
    this.onChange();
  }

  /** Show these fields; texts are asked for anew. */
  setFields(fields: Field[]): void {
    this.fields = fields;
    // Title and artist are needed to play and to name a row.
    this.names = [...new Set([this.kind.title, this.kind.artist, ...this.kind.further, ...fields.map((field) => field.name)])];
    this.forget();
  }

  place(id: number): number {
    return this.places.get(id) ?? -1;
  }

  /** The row at a place; undefined while it is on its way, null when it is gone. */
  at(place: number): Row | null | undefined {
    const id = this.ids[place];
    if (id === undefined) return place < this.total ? undefined : null;
    const rows = this.windows.get(Math.floor(place / WINDOW));
    return rows ? (rows.get(id) ?? null) : undefined;
  }

  text(row: Row, name: string): string {
    return row.texts[this.names.indexOf(name)] ?? "";
  }

  /** What is shown may have changed: it is asked for again, and stays until then. */
  refresh(): void {
    for (const number of this.windows.keys()) this.stale.add(number);
    for (const [number, controller] of this.asked) {
      controller.abort();
      this.asked.delete(number);
    }
    this.ask();
  }

  /** Places in view; what is missing there is asked for. */
  want(first: number, last: number): void {
    const from = Math.max(0, Math.floor(first / WINDOW));
    const until = Math.min(Math.floor(last / WINDOW), Math.floor((this.total - 1) / WINDOW));
    this.wanted = [];
    for (let number = from; number <= until; number += 1) this.wanted.push(number);
    for (const [number, controller] of this.asked) {
      if (this.wanted.includes(number)) continue;
      controller.abort();
      this.asked.delete(number);
    }
    this.ask();
  }

  /** All rows of some places, asked for where they are missing. */
  async ensure(places: Iterable<number>): Promise<void> {
    const missing = new Set<number>();
    for (const place of places) if (!this.windows.has(Math.floor(place / WINDOW))) missing.add(Math.floor(place / WINDOW));
    const queue = [...missing];
    const work = async () => {
      for (let number = queue.shift(); number !== undefined; number = queue.shift()) {
        this.put(number, await this.fetch(number, new AbortController().signal));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  private ask(): void {
    for (const number of this.wanted) {
      if (this.asked.size >= AT_ONCE) return;
      if (number * WINDOW >= this.ids.length) continue;
      if (this.asked.has(number) || (this.windows.has(number) && !this.stale.has(number))) continue;
      const controller = new AbortController();
      this.asked.set(number, controller);
      void this.bring(number, controller);
    }
  }

  private async bring(number: number, controller: AbortController): Promise<void> {
    let pause = 0;
    try {
      const rows = await this.fetch(number, controller.signal);
      if (this.asked.get(number) === controller) this.put(number, rows);
    } catch {
      if (!controller.signal.aborted) pause = 1000;
    }
    if (pause) await new Promise((done) => setTimeout(done, pause));
    if (this.asked.get(number) === controller) this.asked.delete(number);
    this.onChange();
    this.ask();
  }

  private async fetch(number: number, signal: AbortSignal): Promise<Map<number, Row>> {
    const ids = this.ids.slice(number * WINDOW, (number + 1) * WINDOW);
    const query = `entity=${this.kind.entity}&ids=${ids.join(",")}&fields=${this.names.join(",")}`;
    const found = await answerOf<Cells>(fetch(`/api/v1/cells?${query}`, { signal }));
    return new Map(found.rows.map(([id, ...texts]) => [id, { id, texts }]));
  }

  private put(number: number, rows: Map<number, Row>): void {
    this.stale.delete(number);
    this.windows.delete(number);
    this.windows.set(number, rows);
    for (const old of this.windows.keys()) {
      if (this.windows.size <= KEPT) break;
      if (!this.wanted.includes(old)) this.windows.delete(old);
    }
  }

  private forget(): void {
    for (const controller of this.asked.values()) controller.abort();
    this.asked.clear();
    this.windows = new Map();
    this.stale = new Set();
  }
}
