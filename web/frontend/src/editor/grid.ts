/**
 * <mt-grid>: a window on very many rows, with cells one can choose, edit, copy, paste and fill.
 *
 * It keeps no values: rows come from `source`, what is typed goes out as events:
 * `cell-change` {cells: [{place, column, text}]}, `selection-change` {place}, `row-play` {place},
 * `grid-undo`, `grid-redo`, `grid-find`.
 */
import { make } from "../dom";
import { type Field, KINDS, type Kind, camelot, isNumber } from "./fields";
import type { Row } from "./rows";
import { parseTsv, renderTsv } from "./tsv";

export const MOST_CELLS = 50_000;
const HEIGHT = 34;
const HEAD = 34;
const ROW_HEAD = 88;
const SPARE = 6;
const REST = 150;
const WIDE: Record<string, number> = { title: 280, artist: 180, album: 260, albumartist: 180 };
/** Browsers draw no element taller than this. */
const TALLEST = 15_000_000;

export interface GridSource {
  readonly total: number;
  readonly kind: Kind;
  at(place: number): Row | null | undefined;
  want(first: number, last: number): void;
}

export interface Shown {
  text: string;
  dirty: boolean;
  error: string;
}

export interface Typed {
  place: number;
  column: number;
  text: string;
}

interface Spot {
  place: number;
  column: number;
}

interface Range {
  top: number;
  bottom: number;
  left: number;
  right: number;
}


/** An image that did not come is an empty box, not a broken one. */
export function noCover({ target }: Event): void {
  if (!(target instanceof HTMLImageElement)) return;
  target.dataset["none"] = "1";
  target.removeAttribute("src");
}

const inside = (value: number, low: number, high: number) => Math.min(Math.max(value, low), Math.max(low, high));

export class Grid extends HTMLElement {
  columns: Field[] = [];
  source: GridSource = { total: 0, kind: KINDS.item, at: () => null, want: () => undefined };
  /** What a cell shows now. */
  shown: (row: Row, field: Field) => Shown = () => ({ text: "", dirty: false, error: "" });
  /** Makes sure that rows are there; a step over many rows waits for it. */
  ensure: (places: Iterable<number>) => Promise<void> = async () => undefined;
  say: (text: string, quiet?: boolean) => void = () => undefined;

  private readonly head = make("div", { class: "g-head", role: "rowgroup" });
  private readonly body = make("div", { class: "g-body", role: "rowgroup" });
  private readonly box = make("div", { class: "g-range", "aria-hidden": "true" });
  private readonly handle = make("div", { class: "cell-fill" });
  private readonly filling = make("div", { class: "g-filling", "aria-hidden": "true", hidden: true });
  private readonly tip = make("div", { class: "tip tip-bad g-tip", role: "note", hidden: true });
  private readonly lines = new Map<number, HTMLElement>();
  private lefts: number[] = [];
  private widths: number[] = [];
  private active: Spot = { place: 0, column: 0 };
  private anchor: Spot = { place: 0, column: 0 };
  private editor: HTMLInputElement | HTMLTextAreaElement | undefined;
  /** A row with one cell around the field: a grid may hold nothing else. */
  private readonly over = make("div", { class: "g-over", role: "row" });
  private cut: Range | undefined;
  private frame = 0;
  private resting = 0;
  private playing = "";
  private readonly sizes = new ResizeObserver(() => this.draw());
  private readonly tracked = (event: Event) => {
    this.playing = String((event as CustomEvent<{ track?: { id?: string } | string }>).detail?.track ?? "");
    this.draw();
  };

  connectedCallback(): void {
    if (!this.head.isConnected) this.append(this.head, this.body);
    this.box.append(this.handle);
    this.tabIndex = 0;
    this.setAttribute("role", "grid");
    this.setAttribute("aria-multiselectable", "true");
    this.addEventListener("scroll", () => this.draw(), { passive: true });
    this.addEventListener("keydown", (event) => this.keyed(event));
    this.addEventListener("pointerdown", (event) => this.pointed(event));
    this.addEventListener("dblclick", (event) => {
      if (this.spotOf(event)) this.edit();
    });
    // No cover: nothing is drawn.
    this.addEventListener("error", (event) => noCover(event), true);
    this.addEventListener("copy", (event) => void this.copied(event, false));
    this.addEventListener("cut", (event) => void this.copied(event, true));
    this.addEventListener("paste", (event) => this.pasted(event));
    this.sizes.observe(this);
    document.addEventListener("mt:track", this.tracked);
  }

  disconnectedCallback(): void {
    this.sizes.disconnect();
    document.removeEventListener("mt:track", this.tracked);
  }

  /** Columns or the number of rows changed. */
  rebuild(): void {
    this.commit(0, 0, false);
    let left = ROW_HEAD;
    this.lefts = [];
    this.widths = this.columns.map((field) => WIDE[field.name] ?? Math.max(56, Math.min(field.width * 8 + 18, 320), field.label.length * 7 + 20));
    const names = this.columns.map((field, column) => {
      const width = this.widths[column] ?? 0;
      const cell = make("div", { role: "columnheader", "aria-colindex": column + 2, class: isNumber(field) ? "num" : "", title: field.label, "data-column": column }, field.label);
      cell.style.width = `${width}px`;
      this.lefts.push(left);
      left += width;
      return cell;
    });
    const corner = make("div", { role: "columnheader", "aria-colindex": 1 }, make("span", { class: "sr" }, "Row"));
    corner.style.width = `${ROW_HEAD}px`;
    const row = make("div", { role: "row", "aria-rowindex": 1 }, corner, ...names);
    this.head.replaceChildren(row);
    this.head.style.width = this.body.style.width = `${left}px`;
    this.body.style.height = `${Math.min(this.source.total * HEIGHT, TALLEST)}px`;
    this.body.replaceChildren(this.box, this.filling, this.tip);
    this.lines.clear();
    this.setAttribute("aria-rowcount", String(this.source.total + 1));
    this.setAttribute("aria-colcount", String(this.columns.length + 1));
    this.active = this.clamp(this.active);
    this.anchor = this.clamp(this.anchor);
    this.draw();
  }

  /** Draw once before the next frame. */
  draw(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.render();
    });
  }

  get place(): number {
    return this.active.place;
  }

  get range(): Range {
    const { active, anchor } = this;
    return {
      top: Math.min(active.place, anchor.place),
      bottom: Math.max(active.place, anchor.place),
      left: Math.min(active.column, anchor.column),
      right: Math.max(active.column, anchor.column),
    };
  }

  /** Choose a cell and bring it into view. */
  choose(place: number, column: number, extend = false): void {
    this.active = this.clamp({ place, column });
    if (!extend) this.anchor = this.active;
    this.bringIntoView();
    this.draw();
    this.dispatchEvent(new CustomEvent("selection-change", { detail: { place: this.active.place } }));
  }

  private clamp({ place, column }: Spot): Spot {
    return { place: inside(place, 0, this.source.total - 1), column: inside(column, 0, this.columns.length - 1) };
  }

  /** Rows a page scroll stands for when the list is taller than an element can be. */
  private get stretch(): number {
    const tall = this.source.total * HEIGHT;
    return tall > TALLEST ? (tall - this.clientHeight) / (TALLEST - this.clientHeight) : 1;
  }

  /** Where a row is drawn, in pixels of the body. */
  private topOf(place: number): number {
    const { stretch } = this;
    return stretch === 1 ? place * HEIGHT : place * HEIGHT - this.scrollTop * stretch + this.scrollTop;
  }

  private bringIntoView(): void {
    const room = this.clientHeight - HEAD;
    const top = this.active.place * HEIGHT;
    const seen = this.scrollTop * this.stretch;
    if (top < seen) this.scrollTop = top / this.stretch;
    else if (top + HEIGHT > seen + room) this.scrollTop = (top + HEIGHT - room) / this.stretch;
    const left = (this.lefts[this.active.column] ?? ROW_HEAD) - ROW_HEAD;
    const width = this.widths[this.active.column] ?? 0;
    const wide = this.clientWidth - ROW_HEAD;
    if (left < this.scrollLeft) this.scrollLeft = left;
    else if (left + width > this.scrollLeft + wide) this.scrollLeft = left + width - wide;
  }

  private render(): void {
    if (!this.columns.length) return;
    const seen = this.scrollTop * this.stretch;
    const first = Math.max(0, Math.floor(seen / HEIGHT) - SPARE);
    const last = Math.min(this.source.total - 1, Math.ceil((seen + this.clientHeight) / HEIGHT) + SPARE);
    this.source.want(first, last);
    const free: HTMLElement[] = [];
    for (const [place, line] of this.lines) {
      if (place >= first && place <= last) continue;
      this.lines.delete(place);
      free.push(line);
    }
    const range = this.range;
    for (let place = first; place <= last; place += 1) {
      let line = this.lines.get(place);
      if (!line) {
        line = free.pop() ?? this.newLine();
        this.lines.set(place, line);
      }
      this.fill(line, place, range);
    }
    for (const line of free) line.remove();
    this.drawRange(range);
    // Rows that rush by need no covers.
    clearTimeout(this.resting);
    this.resting = window.setTimeout(() => this.drawCovers(), REST);
    this.setAttribute("aria-activedescendant", this.lines.has(this.active.place) ? this.idOf(this.active) : "");
  }

  private drawCovers(): void {
    for (const line of this.lines.values()) {
      const image = line.querySelector("img");
      const track = image?.dataset["track"];
      if (image && track && !image.dataset["none"] && !image.hasAttribute("src")) image.src = this.source.kind.coverOf(track, 64);
    }
  }

  private idOf({ place, column }: Spot): string {
    return `g-${place}-${column}`;
  }

  private newLine(): HTMLElement {
    const image = make("img", { alt: "", loading: "lazy", width: 24, height: 24 });
    const line = make("div", { class: "g-row", role: "row" }, make("div", { role: "rowheader", "aria-colindex": 1 }, make("span"), image));
    this.columns.forEach((_, column) => {
      const cell = make("div", { role: "gridcell", class: "cell", "aria-colindex": column + 2, "data-column": column });
      cell.style.width = `${this.widths[column] ?? 0}px`;
      line.append(cell);
    });
    this.body.append(line);
    return line;
  }

  private fill(line: HTMLElement, place: number, range: Range): void {
    const row = this.source.at(place);
    line.style.transform = `translateY(${this.topOf(place)}px)`;
    line.dataset["place"] = String(place);
    line.setAttribute("aria-rowindex", String(place + 2));
    line.className = `g-row${row ? "" : " g-wait"}${row && this.source.kind.entity === "item" && String(row.id) === this.playing ? " playing" : ""}`;
    const [header, ...cells] = line.children as unknown as HTMLElement[];
    const [number, image] = (header?.children ?? []) as unknown as [HTMLElement, HTMLImageElement];
    number.textContent = String(place + 1);
    const id = row ? String(row.id) : "";
    if (image.dataset["track"] !== id) {
      image.dataset["track"] = id;
      delete image.dataset["none"];
      image.removeAttribute("src");
    }
    cells.forEach((cell, column) => {
      const field = this.columns[column];
      if (!field) return;
      const shown = row ? this.shown(row, field) : { text: "", dirty: false, error: "" };
      const chosen = place >= range.top && place <= range.bottom && column >= range.left && column <= range.right;
      const isActive = place === this.active.place && column === this.active.column;
      cell.id = this.idOf({ place, column });
      cell.setAttribute("aria-selected", String(chosen));
      if (shown.error) cell.setAttribute("aria-invalid", "true");
      else cell.removeAttribute("aria-invalid");
      let classes = "cell";
      if (isNumber(field)) classes += " num";
      if (field.name === "catalognum") classes += " mono";
      if (shown.error) classes += " cell-bad";
      else if (shown.dirty) classes += " cell-dirty";
      if (isActive) classes += " cell-active";
      cell.className = classes;
      this.write(cell, field, shown.text, row === null);
    });
  }

  private write(cell: HTMLElement, field: Field, text: string, gone: boolean): void {
    const drawn = `${field.name}\n${text}\n${gone}`;
    if (cell.dataset["drawn"] === drawn) return;
    cell.dataset["drawn"] = drawn;
    cell.title = text;
    const key = field.kind === "key" ? camelot(text) : "";
    if (key) cell.replaceChildren(make("span", { class: `key k${key.toLowerCase()}${key.endsWith("B") ? " key-b" : ""}` }, key));
    else if (gone) cell.replaceChildren(make("span", { class: "g-none" }, field === this.columns[0] ? "gone" : ""));
    else if (!text && isNumber(field)) cell.replaceChildren(make("span", { class: "g-none", "aria-hidden": "true" }, "–"));
    else cell.replaceChildren(make("bdi", { dir: "auto" }, text.replace(/\s*\n\s*/g, " ↵ ")));
  }

  private place2box(box: HTMLElement, range: Range): void {
    const left = this.lefts[range.left] ?? 0;
    const right = (this.lefts[range.right] ?? 0) + (this.widths[range.right] ?? 0);
    box.style.transform = `translate(${left - 1}px, ${this.topOf(range.top) - 1}px)`;
    box.style.width = `${right - left + 1}px`;
    box.style.height = `${(range.bottom - range.top + 1) * HEIGHT + 1}px`;
  }

  private drawRange(range: Range): void {
    this.box.hidden = !this.source.total;
    this.place2box(this.box, range);
    this.box.classList.toggle("g-cut", this.cut !== undefined);
    const row = this.source.at(this.active.place);
    const field = this.columns[this.active.column];
    const wrong = row && field ? this.shown(row, field) : undefined;
    this.tip.hidden = !wrong?.error || this.editor !== undefined;
    if (!wrong?.error) return;
    const [what, allowed] = wrong.error.split(/:\s(.*)/s);
    this.tip.replaceChildren(make("b", {}, what ?? ""), allowed ?? "");
    const left = this.lefts[this.active.column] ?? 0;
    this.tip.style.transform = `translate(${left}px, ${this.topOf(this.active.place) + HEIGHT + 6}px)`;
  }

  // Keys.

  private keyed(event: KeyboardEvent): void {
    if (event.target !== this || !this.source.total) return;
    const control = event.ctrlKey || event.metaKey;
    const handled = control ? this.withControl(event) : this.plain(event);
    if (handled) event.preventDefault();
  }

  private withControl(event: KeyboardEvent): boolean {
    const name = event.key.toLowerCase();
    if (name === "z") this.dispatchEvent(new CustomEvent(event.shiftKey ? "grid-redo" : "grid-undo"));
    else if (name === "y") this.dispatchEvent(new CustomEvent("grid-redo"));
    else if (name === "f") this.dispatchEvent(new CustomEvent("grid-find"));
    else if (name === "d") void this.fillDown();
    else if (name === "a") this.select({ place: 0, column: 0 }, { place: this.source.total - 1, column: this.columns.length - 1 });
    else if (name === "home") this.choose(0, 0, event.shiftKey);
    else if (name === "end") this.choose(this.source.total - 1, this.columns.length - 1, event.shiftKey);
    else if (name === "arrowup") this.choose(0, this.active.column, event.shiftKey);
    else if (name === "arrowdown") this.choose(this.source.total - 1, this.active.column, event.shiftKey);
    else if (name === "arrowleft") this.choose(this.active.place, 0, event.shiftKey);
    else if (name === "arrowright") this.choose(this.active.place, this.columns.length - 1, event.shiftKey);
    else return false;
    return true;
  }

  private plain(event: KeyboardEvent): boolean {
    const { place, column } = this.active;
    const page = Math.max(1, Math.floor((this.clientHeight - HEAD) / HEIGHT) - 1);
    const moves: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      PageUp: [-page, 0],
      PageDown: [page, 0],
      Home: [0, -column],
      End: [0, this.columns.length],
    };
    const move = moves[event.key];
    if (move) this.choose(place + move[0], column + move[1], event.shiftKey);
    else if (event.key === "Tab") return this.tab(event.shiftKey ? -1 : 1);
    else if (event.key === "Enter" || event.key === "F2") this.edit();
    else if (event.key === "Escape") this.escape();
    else if (event.key === "Delete" || event.key === "Backspace") void this.typeAll(this.range, () => "");
    else if (event.key === " ") this.dispatchEvent(new CustomEvent("row-play", { detail: { place } }));
    else if (event.key.length === 1 && !event.altKey) {
      // The key itself is typed into the field that opens.
      this.edit("");
      return false;
    } else return false;
    return true;
  }

  /** To the next cell, on the last one out of the grid. */
  private tab(by: number): boolean {
    const column = this.active.column + by;
    if (column >= 0 && column < this.columns.length) this.choose(this.active.place, column);
    else {
      const place = this.active.place + by;
      if (place < 0 || place >= this.source.total) return false;
      this.choose(place, by > 0 ? 0 : this.columns.length - 1);
    }
    return true;
  }

  private escape(): void {
    this.cut = undefined;
    this.anchor = this.active;
    this.draw();
  }

  private select(from: Spot, to: Spot): void {
    this.anchor = this.clamp(from);
    this.active = this.clamp(to);
    this.draw();
    this.dispatchEvent(new CustomEvent("selection-change", { detail: { place: this.active.place } }));
  }

  // Pointer.

  private spotOf(event: MouseEvent): Spot | undefined {
    const cell = event.target instanceof Element ? event.target.closest<HTMLElement>("[role=gridcell]") : null;
    const line = cell?.closest<HTMLElement>("[data-place]");
    return cell && line ? { place: Number(line.dataset["place"]), column: Number(cell.dataset["column"]) } : undefined;
  }

  /** The cell under a point, also while a button is held. */
  private spotAt(event: PointerEvent): Spot {
    const box = this.getBoundingClientRect();
    const y = inside(event.clientY - box.top - HEAD, 0, this.clientHeight - HEAD - 1) + this.scrollTop * this.stretch;
    const x = event.clientX - box.left + this.scrollLeft;
    const column = this.lefts.findIndex((left, at) => x < left + (this.widths[at] ?? 0));
    return this.clamp({ place: Math.floor(y / HEIGHT), column: column < 0 ? this.columns.length - 1 : column });
  }

  private pointed(event: PointerEvent): void {
    const target = event.target as HTMLElement;
    if (event.button !== 0 || target === this.editor || !this.source.total) return;
    if (target === this.handle) return this.dragFill(event);
    const heading = target.closest<HTMLElement>("[role=columnheader][data-column]");
    const line = target.closest<HTMLElement>("[data-place]");
    const spot = this.spotOf(event);
    if (!heading && !line) return;
    this.commit(0, 0);
    this.focus({ preventScroll: true });
    if (heading) {
      const column = Number(heading.dataset["column"]);
      this.select({ place: this.source.total - 1, column }, { place: 0, column });
    } else if (spot) {
      this.choose(spot.place, spot.column, event.shiftKey);
      if (event.pointerType === "mouse") this.drag(event, (moved) => this.choose(moved.place, moved.column, true));
    } else if (line) {
      const place = Number(line.dataset["place"]);
      const from = event.shiftKey ? this.anchor.place : place;
      this.select({ place: from, column: 0 }, { place, column: this.columns.length - 1 });
    }
  }

  private drag(event: PointerEvent, moved: (spot: Spot) => void, done: () => void = () => undefined): void {
    const move = (each: PointerEvent) => moved(this.spotAt(each));
    const end = () => {
      this.removeEventListener("pointermove", move);
      done();
    };
    this.setPointerCapture(event.pointerId);
    this.addEventListener("pointermove", move);
    this.addEventListener("lostpointercapture", end, { once: true });
  }

  /** The handle repeats the range downwards or upwards. */
  private dragFill(event: PointerEvent): void {
    event.preventDefault();
    const from = this.range;
    let to = from;
    this.drag(
      event,
      ({ place }) => {
        to = { ...from, top: Math.min(from.top, place), bottom: Math.max(from.bottom, place) };
        this.filling.hidden = false;
        this.place2box(this.filling, to);
      },
      () => {
        this.filling.hidden = true;
        if (to.top < from.top || to.bottom > from.bottom) void this.repeat(from, to);
      },
    );
  }

  // What is typed.

  /** The texts of a range; undefined when it is too large, which is said. */
  private async texts(range: Range): Promise<string[][] | undefined> {
    if (!(await this.readied(range))) return undefined;
    const rows: string[][] = [];
    for (let place = range.top; place <= range.bottom; place += 1) {
      const row = this.source.at(place);
      const fields = this.columns.slice(range.left, range.right + 1);
      rows.push(fields.map((field) => (row ? this.shown(row, field).text : "")));
    }
    return rows;
  }

  private async readied(range: Range): Promise<boolean> {
    const height = range.bottom - range.top + 1;
    if (height * (range.right - range.left + 1) > MOST_CELLS) {
      this.say(`That is more than ${MOST_CELLS.toLocaleString("en")} cells; choose fewer.`);
      return false;
    }
    try {
      await this.ensure(Array.from({ length: height }, (_, at) => range.top + at));
      return true;
    } catch {
      this.say("The server does not answer. Nothing was changed.");
      return false;
    }
  }

  private tell(cells: Typed[]): void {
    this.cut = undefined;
    if (cells.length) this.dispatchEvent(new CustomEvent("cell-change", { detail: { cells } }));
    this.draw();
  }

  private async typeAll(range: Range, textOf: (spot: Spot) => string): Promise<void> {
    if (!(await this.readied(range))) return;
    const cells: Typed[] = [];
    for (let place = range.top; place <= range.bottom; place += 1) {
      for (let column = range.left; column <= range.right; column += 1) cells.push({ place, column, text: textOf({ place, column }) });
    }
    this.tell(cells);
  }

  private async fillDown(): Promise<void> {
    const range = this.range;
    const source = range.top === range.bottom ? { ...range, top: Math.max(0, range.top - 1) } : range;
    const first = await this.texts({ ...source, bottom: source.top });
    const [texts] = first ?? [];
    if (texts) await this.typeAll({ ...source, top: Math.min(source.top + 1, source.bottom) }, ({ column }) => texts[column - source.left] ?? "");
  }

  private async repeat(from: Range, to: Range): Promise<void> {
    const texts = await this.texts(from);
    if (!texts) return;
    const height = texts.length;
    await this.typeAll(to, ({ place, column }) => {
      const at = (((place - from.top) % height) + height) % height;
      return texts[at]?.[column - from.left] ?? "";
    });
    this.select({ place: to.top, column: to.left }, { place: to.bottom, column: to.right });
  }

  private async copied(event: ClipboardEvent, cut: boolean): Promise<void> {
    if (event.target !== this && this.editor) return;
    event.preventDefault();
    const range = this.range;
    const ready = this.readyTexts(range);
    // Only a synchronous answer may use the event's clipboard; rows in view are there.
    if (ready) event.clipboardData?.setData("text/plain", renderTsv(ready));
    const texts = ready ?? (await this.texts(range));
    if (!texts) return;
    if (!ready) await navigator.clipboard?.writeText(renderTsv(texts));
    this.cut = cut ? range : undefined;
    if (cut) await this.typeAll(range, () => "");
    this.say(`${texts.length * (texts[0]?.length ?? 0)} cells ${cut ? "cut" : "copied"}.`, true);
  }

  private readyTexts(range: Range): string[][] | undefined {
    if ((range.bottom - range.top + 1) * (range.right - range.left + 1) > MOST_CELLS) return undefined;
    const rows: string[][] = [];
    for (let place = range.top; place <= range.bottom; place += 1) {
      const row = this.source.at(place);
      if (row === undefined) return undefined;
      const fields = this.columns.slice(range.left, range.right + 1);
      rows.push(fields.map((field) => (row ? this.shown(row, field).text : "")));
    }
    return rows;
  }

  private pasted(event: ClipboardEvent): void {
    if (event.target !== this && this.editor) return;
    event.preventDefault();
    void this.paste(parseTsv(event.clipboardData?.getData("text/plain") ?? ""));
  }

  /** One value fills the range, a block is repeated in it, a larger one extends it. */
  async paste(block: string[][]): Promise<void> {
    const height = block.length;
    const width = Math.max(0, ...block.map((row) => row.length));
    if (!height || !width) return;
    const range = this.range;
    const rows = range.bottom - range.top + 1;
    const columns = range.right - range.left + 1;
    const bottom = range.top + (rows % height === 0 ? rows : height) - 1;
    const right = range.left + (columns % width === 0 ? columns : width) - 1;
    const to = { ...range, bottom: Math.min(bottom, this.source.total - 1), right: Math.min(right, this.columns.length - 1) };
    await this.typeAll(to, ({ place, column }) => block[(place - range.top) % height]?.[(column - range.left) % width] ?? "");
    this.select({ place: to.top, column: to.left }, { place: to.bottom, column: to.right });
    if (bottom > to.bottom || right > to.right) this.say("What did not fit below or at the right was left out.");
  }

  // The field over a cell.

  private edit(start?: string): void {
    const row = this.source.at(this.active.place);
    const field = this.columns[this.active.column];
    if (!row || !field) return;
    this.commit(0, 0, false);
    this.anchor = this.active;
    const { column, place } = this.active;
    const isLong = field.kind === "lines";
    const editor = isLong ? make("textarea", { class: "g-edit", "aria-label": field.label, rows: 4 }) : make("input", { class: "g-edit", "aria-label": field.label, autocomplete: "off", spellcheck: "false" });
    editor.dir = "auto";
    editor.value = start ?? this.shown(row, field).text;
    editor.style.transform = `translate(${this.lefts[column] ?? 0}px, ${this.topOf(place)}px)`;
    editor.style.width = `${Math.max(this.widths[column] ?? 0, isLong ? 320 : 0)}px`;
    editor.style.height = isLong ? "112px" : `${HEIGHT - 1}px`;
    editor.addEventListener("keydown", (event) => this.editorKeyed(event as KeyboardEvent));
    editor.addEventListener("blur", () => this.commit(0, 0, false));
    this.editor = editor;
    const cell = this.lines.get(place)?.children[column + 1];
    editor.setAttribute("aria-describedby", cell?.id ?? "");
    this.over.replaceChildren(make("div", { role: "gridcell", "aria-colindex": column + 2 }, editor));
    this.body.append(this.over);
    editor.focus({ preventScroll: true });
    if (start === undefined) editor.select();
    this.draw();
  }

  private editorKeyed(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && !(event.altKey && this.editor instanceof HTMLTextAreaElement)) this.commit(event.shiftKey ? -1 : 1, 0);
    else if (event.key === "Tab") this.commit(0, event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
  }

  /** Take what is typed, and go on to another cell. */
  commit(rows: number, columns: number, refocus = true): void {
    const { editor } = this;
    if (!editor) return;
    const { place, column } = this.active;
    const text = editor.value;
    this.close(refocus);
    this.tell([{ place, column, text }]);
    if (rows || columns) this.choose(place + rows, column + columns);
  }

  private close(refocus = true): void {
    const { editor } = this;
    this.editor = undefined;
    if (editor) this.over.remove();
    if (refocus) this.focus({ preventScroll: true });
    this.draw();
  }
}

customElements.define("mt-grid", Grid);
