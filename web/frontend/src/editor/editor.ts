/**
 * <mt-editor data-setup='{…}'>: the editor's page. It joins the list of rows, the draft, the grid (or
 * cards and a sheet on a small screen) and the pane that says what saving would do.
 */
import { bdi, icon, isTyping, make } from "../dom";
import { toast } from "../toasts";
import { type Replaced, type Replacing, openColumns, openReplace } from "./dialogs";
import { type Cell, Draft } from "./draft";
import { type Field, KINDS, type Kind, type Preset } from "./fields";
import { Grid, type Typed, noCover } from "./grid";
import { type Row, Rows, answerOf } from "./rows";
import { openSheet } from "./sheet";

interface Setup {
  ids: number[] | null;
  /** The first rows of a query, so that they need not be asked for. */
  first: number[];
  query: string;
  sort: string;
  entity: Kind["entity"];
  total: number;
  write: boolean;
  move: boolean;
  fields: Field[];
  presets: Preset[];
}

interface CellSaid {
  entity: string;
  id: number;
  field: string;
  why: string;
}

interface Answer {
  changeset: number | null;
  applied: number;
  conflicts: CellSaid[];
  failed: CellSaid[];
  errors: CellSaid[];
  gone: CellSaid[];
  files_waiting: number;
  job: Job | null;
  moves?: { id: number; from: string; to: string }[];
  moves_looked_at?: number;
  moves_possible?: number;
}

interface Job {
  id: number;
  state: string;
  done: number;
  total: number;
  result: { files?: number; failed?: number } | null;
}

const COLUMNS = "mt.columns";
const PAUSE = 300;
const SETTLE = 500;
const CARDS = 40;
const FIRST_CHANGES = 20;
const LONGEST_DRAFT = 2_000_000;

const many = (count: number, word: string) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  return answerOf<T>(fetch(path, { method: "POST", headers, body: JSON.stringify(body), ...(signal ? { signal } : {}) }));
}

function stamp(kind: string, sign: string, text: string): HTMLElement {
  return make("span", { class: `stamp s-${kind}` }, icon(sign, 13), text);
}

function section(title: string, note: string, ...content: HTMLElement[]): HTMLElement {
  return make("section", { class: "sec" }, make("header", {}, make("h2", {}, title), make("p", {}, note)), ...content);
}

class Editor extends HTMLElement {
  private setup!: Setup;
  private readonly rows = new Rows();
  private readonly draft = new Draft();
  private grid: Grid | undefined;
  private readonly pane = make("aside", { class: "pane", "aria-label": "What changes" });
  private readonly status = make("p", { class: "sr", role: "status" });
  /** On a small screen: what saving would do, in one line that opens. */
  private readonly wouldChange = make("details", { class: "ed-before" }, make("summary", {}), make("div", {}));
  private columns: Field[] = [];
  private expected: Answer | undefined;
  private judged = true;
  private asking: AbortController | undefined;
  private job: Job | undefined;
  private saving = false;
  private playing = "";
  private waveOf = "";
  private timers: Record<string, number> = {};
  private cards = CARDS;
  private readonly chosen = new Set<number>();
  private readonly images = new Map<number, HTMLImageElement>();
  private readonly small = matchMedia("(max-width: 640px)");
  private stops: (() => void)[] = [];

  connectedCallback(): void {
    if (this.setup) return;
    this.setup = JSON.parse(this.dataset["setup"] ?? "{}") as Setup;
    document.documentElement.classList.add("rail-narrow");
    this.rows.kind = KINDS[this.setup.entity];
    this.rows.onChange = () => this.redraw();
    this.draft.onChange = () => this.drafted();
    this.listen(document, "mt:library", () => this.later("refresh", SETTLE, () => this.rows.refresh()));
    this.listen(document, "mt:jobs", (event) => this.jobsSaid((event as CustomEvent<Job[]>).detail));
    this.listen(document, "mt:undone", () => this.rows.refresh());
    this.listen(document, "mt:track", (event) => {
      this.playing = String((event as CustomEvent<{ track: unknown }>).detail.track);
    });
    this.listen(document, "keydown", (event) => this.keyed(event as KeyboardEvent));
    this.listen(window, "beforeunload", (event) => {
      if (this.draft.size) event.preventDefault();
    });
    this.listen(window, "pagehide", () => this.keep());
    this.listen(this.small, "change", () => this.build());
    this.tools?.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-act]");
      if (button) this.act(button.dataset["act"] ?? "");
    });
    void this.start();
  }

  disconnectedCallback(): void {
    this.keep();
    for (const stop of this.stops) stop();
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.asking?.abort();
    document.documentElement.classList.remove("rail-narrow");
  }

  private listen(target: EventTarget, name: string, handle: (event: Event) => void): void {
    target.addEventListener(name, handle);
    this.stops.push(() => target.removeEventListener(name, handle));
  }

  private later(name: string, milliseconds: number, work: () => void): void {
    clearTimeout(this.timers[name]);
    this.timers[name] = window.setTimeout(work, milliseconds);
  }

  private get kind(): Kind {
    return this.rows.kind;
  }

  /** Where the chosen columns of this kind of rows are kept. */
  private get columnsAs(): string {
    return this.kind.entity === "item" ? COLUMNS : `${COLUMNS} ${this.kind.entity}`;
  }

  private get tools(): HTMLElement | null {
    return document.querySelector("[data-editor-tools]");
  }

  private async start(): Promise<void> {
    try {
      await this.chooseColumns();
      this.build();
      if (!this.setup.ids) {
        this.rows.setIds(this.setup.first, this.setup.total);
        this.showRows();
        const query = new URLSearchParams({ entity: this.kind.entity, q: this.setup.query, sort: this.setup.sort });
        this.rows.setIds((await answerOf<{ ids: number[] }>(fetch(`/api/v1/rows?${query}`))).ids);
      } else this.rows.setIds(this.setup.ids);
    } catch (error) {
      toast((error as Error).message, { failed: true });
      return;
    }
    if (!this.isConnected) return;
    this.restore();
    this.showRows();
    this.drafted();
  }

  /** The columns last chosen, or those of the first preset. */
  private async chooseColumns(): Promise<void> {
    const [first] = this.setup.presets;
    const names = (localStorage.getItem(this.columnsAs)?.split(",") ?? first?.fields ?? []).filter(Boolean);
    let known = this.setup.fields;
    if (names.some((name) => !known.some((field) => field.name === name))) {
      known = (await answerOf<{ items: Field[] }>(fetch("/api/v1/fields"))).items;
    }
    this.setColumns(names.map((name) => known.find((field) => field.name === name)).filter((field) => field !== undefined));
  }

  private setColumns(fields: Field[]): void {
    this.columns = fields;
    this.rows.setFields(fields);
    const names = fields.map((field) => field.name).join();
    const preset = this.setup.presets.find((each) => each.fields.filter((name) => fields.some((field) => field.name === name)).join() === names);
    const label = this.tools?.querySelector("[data-preset-name]");
    if (label) label.textContent = preset?.label ?? "Columns";
  }

  // The parts of the page.

  private build(): void {
    this.grid = undefined;
    if (this.small.matches) {
      this.replaceChildren(this.wouldChange, make("div", { class: "ed-cards" }), this.status);
      this.showRows();
      this.showBefore();
      return;
    }
    const grid = new Grid();
    this.grid = grid;
    grid.setAttribute("aria-label", this.kind.entity === "item" ? "Tracks" : "Albums");
    grid.source = this.rows;
    grid.shown = (row, field) => this.shown(row, field);
    grid.ensure = (places) => this.rows.ensure(places);
    grid.say = (text, quiet) => {
      this.status.textContent = text;
      if (!quiet) toast(text);
    };
    grid.addEventListener("cell-change", (event) => this.typed((event as CustomEvent<{ cells: Typed[] }>).detail.cells));
    grid.addEventListener("selection-change", () => this.later("pane", 60, () => this.showPane()));
    grid.addEventListener("row-play", () => this.play());
    grid.addEventListener("grid-undo", () => this.act("undo"));
    grid.addEventListener("grid-redo", () => this.act("redo"));
    grid.addEventListener("grid-find", () => this.act("replace"));
    const main = make("div", { class: "ed" }, grid, this.pane);
    this.replaceChildren(main, this.status);
    this.showRows();
  }

  private showRows(): void {
    if (this.grid) {
      this.grid.columns = this.columns;
      this.grid.rebuild();
      this.showPane();
    } else void this.showCards();
  }

  private redraw(): void {
    if (this.grid) {
      this.grid.draw();
      if (!this.pane.firstChild || this.waveOf !== String(this.row?.id ?? "")) this.later("pane", 60, () => this.showPane());
    } else this.later("cards", 100, () => void this.showCards());
  }

  private shown(row: Row, field: Field) {
    const cell = this.draft.get(row.id, field.name);
    if (cell) return { text: cell.now, dirty: true, error: cell.error ? `${cell.error}${cell.old ? `. Was ${cell.old}.` : ""}` : "" };
    return { text: this.rows.text(row, field.name), dirty: false, error: "" };
  }

  private get row(): Row | null | undefined {
    return this.rows.at(this.grid?.place ?? 0);
  }

  private textOf(row: Row, name: string): string {
    return this.draft.get(row.id, name)?.now ?? this.rows.text(row, name);
  }

  // Editing.

  private typed(cells: readonly Typed[]): void {
    const found = [];
    for (const { place, column, text } of cells) {
      const row = this.rows.at(place);
      const field = this.columns[column];
      if (row && field) found.push({ id: row.id, field: field.name, old: this.rows.text(row, field.name), to: text });
    }
    this.draft.type(found);
  }

  private drafted(): void {
    this.judged = this.draft.size === 0;
    if (this.judged) this.expected = undefined;
    else this.later("preview", PAUSE, () => void this.preview());
    this.showTools();
    this.redraw();
    this.later("pane", 60, () => this.showPane());
  }

  private edits(cells: readonly Cell[]) {
    return cells.map(({ id, field, old, now }) => ({ entity: this.kind.entity, id, field, old, new: now }));
  }

  /** Ask the server what saving would do, and which texts it refuses. */
  private async preview(): Promise<void> {
    clearTimeout(this.timers["preview"]);
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    const { write, move } = this.setup;
    try {
      const found = await post<Answer>("/api/v1/changesets", { edits: this.edits(this.draft.all()), write, move, pretend: true }, asking.signal);
      if (this.asking !== asking) return;
      this.expected = found;
      this.judged = true;
      this.draft.judge([...found.errors, ...found.gone]);
    } catch (error) {
      if (asking.signal.aborted) return;
      this.status.textContent = (error as Error).message;
    }
    this.showTools();
    this.showPane();
    this.redraw();
  }

  private async save(): Promise<void> {
    if (this.saving || !this.draft.size) return;
    this.saving = true;
    this.showTools();
    try {
      if (!this.judged) await this.preview();
      if (!this.judged) throw new Error("The server did not check these changes; nothing was saved.");
      const cells = this.draft.valid();
      if (!cells.length) throw new Error("No cell can be saved as it is.");
      const { write, move } = this.setup;
      const answer = await post<Answer>("/api/v1/changesets", { edits: this.edits(cells), write, move });
      this.saved(answer, cells);
    } catch (error) {
      toast((error as Error).message, { failed: true });
    } finally {
      this.saving = false;
      this.showTools();
    }
  }

  private saved(answer: Answer, cells: readonly Cell[]): void {
    // Edits of albums reach their tracks, which have numbers of their own.
    const left = [...answer.errors, ...answer.conflicts, ...answer.failed].filter((each) => each.entity === this.kind.entity);
    const alone = new Set(left.map((each) => `${each.id} ${each.field}`));
    const done = cells.filter((cell) => !alone.has(`${cell.id} ${cell.field}`));
    this.draft.forget(done);
    this.draft.judge(left);
    this.job = answer.job ?? undefined;
    this.rows.refresh();
    const tracks = new Set(done.map((cell) => cell.id)).size;
    const files = answer.files_waiting ? ` ${many(answer.files_waiting, "file")} follow${answer.files_waiting === 1 ? "s" : ""}.` : "";
    const text = `Saved ${many(tracks, this.kind.word)}, ${many(done.length, "cell")}.${files}`;
    toast(text, answer.changeset ? { undo: `/api/v1/changesets/${answer.changeset}/undo` } : {});
    if (left.length) toast(`${many(left.length, "cell")} left alone: ${left[0]?.why ?? ""}.`, { failed: true });
  }

  /** Saved edits are taken back and made again on the server, also after a restart. */
  private async onServer(what: "undo" | "redo"): Promise<void> {
    try {
      const listed = await answerOf<{ undo: number | null; redo: number | null }>(fetch("/api/v1/changesets?limit=1"));
      const number = listed[what];
      if (!number) {
        toast(what === "undo" ? "There is nothing to take back." : "There is nothing to make again.");
        return;
      }
      const answer = await post<Answer>(`/api/v1/changesets/${number}/undo`, {});
      this.job = answer.job ?? undefined;
      this.rows.refresh();
      const left = answer.conflicts.length + answer.failed.length;
      toast(`${what === "undo" ? "Taken back" : "Made again"}: ${many(answer.applied, "change")}.${left ? ` ${many(left, "cell")} changed since and left alone; see History.` : ""}`, { failed: left > 0 });
    } catch (error) {
      toast((error as Error).message, { failed: true });
    }
  }

  private act(name: string): void {
    this.grid?.commit(0, 0, false);
    if (name === "save") void this.save();
    else if (name === "discard") this.draft.discard();
    else if (name === "undo" || name === "redo") {
      const local = name === "undo" ? this.draft.canUndo : this.draft.canRedo;
      if (!local) {
        void this.onServer(name);
        return;
      }
      const [first] = name === "undo" ? this.draft.undo() : this.draft.redo();
      if (first && this.grid) this.grid.choose(this.rows.place(first.id), Math.max(0, this.columns.findIndex((field) => field.name === first.field)));
    } else if (name === "replace") openReplace(this.columns, "", (what, countOnly) => this.replace(what, countOnly), (found) => this.replaced(found));
    else if (name === "columns") {
      void openColumns(this.kind.entity, this.setup.presets, this.columns.map((field) => field.name), (fields) => {
        localStorage.setItem(this.columnsAs, fields.map((field) => field.name).join());
        this.setColumns(fields);
        this.showRows();
      });
    }
  }

  private replace(what: Replacing, countOnly: boolean): Promise<Replaced> {
    const { ids, query } = this.setup;
    const texts = this.draft.all().map(({ id, field, now }) => ({ id, field, text: now }));
    return post<Replaced>("/api/v1/changesets/replace", { ...what, entity: this.kind.entity, ...(ids ? { ids } : { q: query }), texts, count_only: countOnly });
  }

  private replaced({ edits = [] }: Replaced): void {
    this.draft.type(edits.filter(({ id }) => this.rows.place(id) >= 0).map(({ id, field, old, new: to }) => ({ id, field, old, to })));
    toast(`${many(edits.length, "cell")} changed; not saved yet.`);
    this.grid?.focus();
  }

  private play(): void {
    const row = this.row;
    if (!row || this.kind.entity !== "item") return;
    if (String(row.id) === this.playing) document.querySelector<HTMLElement>("mt-player .pl-play")?.click();
    else document.dispatchEvent(new CustomEvent("mt:play", { detail: { id: row.id, queue: this.rows.ids.slice(this.grid?.place ?? 0).slice(0, 100) } }));
  }

  private keyed(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
    const name = event.key.toLowerCase();
    if (name === "s") this.act("save");
    else if (isTyping(event.target)) return;
    else if (name === "z") this.act(event.shiftKey ? "redo" : "undo");
    else if (name === "f") this.act("replace");
    else return;
    event.preventDefault();
  }

  // What is not saved stays over a visit to another page.

  private get keptAs(): string {
    return `mt.draft ${this.kind.entity === "item" ? "" : "albums "}${this.setup.ids?.join() ?? this.setup.query} ${this.setup.sort}`;
  }

  private keep(): void {
    const text = this.draft.size ? this.draft.kept() : "";
    if (text && text.length < LONGEST_DRAFT) sessionStorage.setItem(this.keptAs, text);
    else sessionStorage.removeItem(this.keptAs);
  }

  private restore(): void {
    const text = sessionStorage.getItem(this.keptAs);
    if (text) this.draft.restore(text);
  }

  // Tools and pane.

  private showTools(): void {
    const { tools } = this;
    if (!tools) return;
    const cells = this.draft.valid();
    const tracks = new Set(cells.map((cell) => cell.id)).size;
    const wrong = this.draft.size - cells.length;
    const able = (name: string, on: boolean, reason: string) => {
      const button = tools.querySelector<HTMLElement>(`[data-act=${name}]`);
      button?.setAttribute("aria-disabled", String(!on));
      if (button && reason) button.title = reason;
      return button;
    };
    const save = able("save", cells.length > 0 && !this.saving, cells.length ? "Ctrl S" : wrong ? "What is changed cannot be stored" : "Nothing is changed yet");
    if (save) save.textContent = this.saving ? "Saving…" : cells.length ? `Save ${many(tracks, this.kind.word)}, ${many(cells.length, "cell")}` : "Save";
    able("discard", this.draft.size > 0, "Forget what is not saved");
  }

  private jobsSaid(jobs: readonly Job[]): void {
    const found = this.job && jobs.find((job) => job.id === this.job?.id);
    if (!found) return;
    this.job = found;
    this.showPane();
  }

  private showPane(): void {
    if (!this.grid) {
      this.showBefore();
      return;
    }
    const row = this.row;
    if (row === undefined) return;
    if (!row) {
      this.pane.replaceChildren(make("p", { class: "q2" }, `This ${this.kind.word} is not in the library any more.`));
      this.waveOf = "";
      return;
    }
    const parts = [this.changesOf(row), this.moves(row), this.beforeSaving()];
    const place = this.grid.place + 1;
    const title = this.textOf(row, this.kind.title) || "Untitled";
    if (this.waveOf === String(row.id) && this.pane.children.length > 2) {
      const [head, wave] = this.pane.children;
      head?.querySelector("b")?.replaceChildren(bdi(title));
      if (wave) this.pane.replaceChildren(head ?? "", wave, ...parts);
      return;
    }
    this.waveOf = String(row.id);
    const image = make("img", { src: this.kind.coverOf(row.id, 128), alt: "", width: 72, height: 72 });
    const head = make(
      "div",
      { class: "pane-track" },
      image,
      make("div", {}, make("p", { class: "q3" }, `${this.kind.entity === "item" ? "Track" : "Album"} ${place.toLocaleString("en")} of ${this.rows.total.toLocaleString("en")}`), make("p", {}, make("b", {}, bdi(title))), make("p", { class: "q2" }, bdi(this.textOf(row, this.kind.artist)))),
    );
    image.addEventListener("error", noCover);
    const wave = make("div", {});
    this.pane.replaceChildren(head, wave, ...parts);
    // The waveform is worked out from the file: not for rows one only passes.
    this.later("wave", 400, () => {
      if (!wave.isConnected || this.kind.entity !== "item") return;
      const [minutes = 0, seconds = 0] = this.rows.text(row, "length").split(":").map(Number);
      wave.replaceChildren(make("mt-wave" as "div", { "data-track": row.id, "data-length": minutes * 60 + seconds || 0, "data-label": `Position in ${title}` }));
    });
  }

  private showBefore(): void {
    const { wouldChange: before, draft } = this;
    before.hidden = !draft.size && !this.job;
    const [summary, content] = before.children;
    if (before.hidden || !summary || !content) return;
    const files = this.expected?.files_waiting ?? 0;
    const moves = this.setup.move && this.expected?.moves?.length;
    const said = [many(draft.size, "cell"), files ? `tags of ${many(files, "file")}` : "", moves ? "file moves" : ""].filter(Boolean).join(", ");
    summary.replaceChildren(make("b", {}, !draft.size ? "Saved" : this.judged ? `Would change: ${said}` : "Checking…"));
    const [first] = draft.all();
    const row = first && this.rows.at(this.rows.place(first.id));
    const changes = make("dl", {});
    for (const cell of draft.all().slice(0, FIRST_CHANGES)) changes.append(this.change(cell));
    const rest = draft.size - FIRST_CHANGES;
    const parts = [section("What changes", rest > 0 ? `first ${FIRST_CHANGES} of ${many(draft.size, "cell")}` : many(draft.size, "cell"), changes)];
    if (row) parts.push(this.moves(row));
    content.replaceChildren(...(draft.size ? parts : []), this.beforeSaving());
  }

  private change(cell: Cell): HTMLElement {
    const label = this.setup.fields.find((field) => field.name === cell.field)?.label ?? this.columns.find((field) => field.name === cell.field)?.label ?? cell.field;
    const value = (text: string, kind: string) => make("dd", {}, text ? make("span", { class: kind }, bdi(text)) : make("span", { class: "q3" }, "empty"));
    return make("div", { class: "pane-diff" }, make("dt", {}, label), value(cell.old, "was"), value(cell.now, "now"));
  }

  private changesOf(row: Row): HTMLElement {
    const cells = this.draft.ofRow(row.id);
    const list = make("dl", {});
    for (const cell of cells) list.append(this.change(cell));
    if (!cells.length) return section("What changes here", "", make("p", { class: "q3" }, "Nothing yet."));
    return section("What changes here", many(cells.length, "cell"), list);
  }

  private moves(row: Row): HTMLElement {
    const moves = this.expected?.moves ?? [];
    if (!this.setup.move || !moves.length) {
      const text = !this.setup.move ? "Files stay where they are." : this.draft.size ? "No file moves." : "Nothing yet.";
      return section("File moves", "", make("p", { class: "q3" }, text));
    }
    const own = this.kind.entity === "item" ? moves.filter((move) => move.id === row.id) : [];
    const shown = own.length ? own : moves.slice(0, 3);
    const lines = shown.map(({ from, to }) => {
      let same = 0;
      const [was, will] = [from.split("/"), to.split("/")];
      while (same < Math.min(was.length, will.length) - 1 && was[same] === will[same]) same += 1;
      return make("p", { class: "diff" }, same ? `${was.slice(0, same).join("/")}/` : "", make("del", {}, `− ${was.slice(same).join("/")}`), make("ins", {}, `+ ${will.slice(same).join("/")}`));
    });
    const { moves_looked_at: seen = 0, moves_possible: all = 0 } = this.expected ?? {};
    const note = seen < all ? `${moves.length} of the first ${seen.toLocaleString("en")}` : `${moves.length} of ${many(all, "track")}`;
    return section("File moves", note, ...lines);
  }

  private beforeSaving(): HTMLElement {
    const list = make("ul", { class: "pane-lines" });
    const wrong = this.draft.all().filter((cell) => cell.error);
    const [first] = wrong;
    if (first) list.append(make("li", {}, stamp("bad", "circle-x", `${wrong.length.toLocaleString("en")} invalid`), `row ${(this.rows.place(first.id) + 1).toLocaleString("en")}, never written`));
    if (this.draft.size) list.append(make("li", {}, stamp("ok", "undo-2", "undoable"), "rows and tags, to the byte"));
    if (!this.judged) list.append(make("li", {}, stamp("dash", "clock", "checking"), "what saving would do"));
    const waiting = this.expected?.files_waiting ?? 0;
    if (this.draft.size && waiting) list.append(make("li", {}, stamp("dash", "hard-drive", "tags pending"), `${many(waiting, "file")} written after saving`));
    if (this.job) list.append(this.jobLine(this.job));
    const option = (label: string, name: "write" | "move") => {
      const input = make("input", { type: "checkbox", checked: this.setup[name] });
      input.addEventListener("change", () => {
        this.setup[name] = input.checked;
        this.drafted();
      });
      return make("li", {}, make("label", { class: "check" }, input, make("span", {}, label)));
    };
    list.append(option("Write tags into the files", "write"), option("Move files by the path formats", "move"));
    return section("Before you save", "", list);
  }

  private jobLine(job: Job): HTMLElement {
    if (job.state === "done") {
      const failed = job.result?.failed ?? 0;
      if (failed) return make("li", {}, stamp("bad", "circle-x", `${failed} failed`), "files that could not be written; see History");
      return make("li", {}, stamp("ok", "check", "files written"), `${job.result?.files ?? job.total} of the last save`);
    }
    if (job.state === "failed" || job.state === "cancelled") return make("li", {}, stamp("bad", "circle-x", `files ${job.state}`), "see History");
    return make("li", {}, stamp("dash", "hard-drive", "tags pending"), job.total ? `${job.done} of ${job.total} files` : "in a moment");
  }

  // Cards, on a small screen.

  private async showCards(): Promise<void> {
    const box = this.querySelector<HTMLElement>(".ed-cards");
    if (!box || !this.rows.total) return;
    const count = Math.min(this.cards, this.rows.total);
    this.rows.want(0, count - 1);
    const places = Array.from({ length: count }, (_, place) => place);
    const found = places.map((place) => this.rows.at(place)).filter((row): row is Row => Boolean(row));
    const list = found.map((row) => this.card(row));
    if (count < this.rows.total) {
      const more = make("button", { class: "btn", type: "button" }, `More ${this.kind.word}s`);
      more.addEventListener("click", () => {
        this.cards += CARDS;
        void this.showCards();
      });
      list.push(more);
    }
    if (this.chosen.size) {
      const edit = make("button", { class: "btn", type: "button" }, icon("pencil"), "Edit together");
      edit.addEventListener("click", () => this.openFields([...this.chosen]));
      const all = make("button", { class: "btn", type: "button" }, `All ${found.length.toLocaleString("en")}`);
      all.addEventListener("click", () => {
        for (const row of found) this.chosen.add(row.id);
        void this.showCards();
      });
      const none = make("button", { class: "btn", type: "button" }, "Clear");
      none.addEventListener("click", () => {
        this.chosen.clear();
        void this.showCards();
      });
      const bar = make("div", { class: "actions", role: "region", "aria-label": "Selection" }, make("b", {}, many(this.chosen.size, this.kind.word)), edit, none);
      if (this.chosen.size < found.length) bar.append(all);
      list.push(bar);
    }
    const place = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["card"] : undefined;
    box.replaceChildren(...list);
    if (place) box.querySelector<HTMLElement>(`[data-card="${place}"]`)?.focus();
  }

  private card(row: Row): HTMLElement {
    const title = this.textOf(row, this.kind.title) || "Untitled";
    const input = make("input", { type: "checkbox", checked: this.chosen.has(row.id), "data-card": `c${row.id}` });
    input.addEventListener("change", () => {
      if (input.checked) this.chosen.add(row.id);
      else this.chosen.delete(row.id);
      void this.showCards();
    });
    const cells = this.draft.ofRow(row.id);
    const button = make("button", { type: "button", "data-card": `b${row.id}` }, make("p", {}, make("b", {}, bdi(title))), make("p", { class: "q2" }, bdi(this.textOf(row, this.kind.artist))));
    button.addEventListener("click", () => this.openFields([row.id]));
    const wrong = cells.some((cell) => cell.error);
    let image = this.images.get(row.id);
    if (!image) {
      image = make("img", { src: this.kind.coverOf(row.id, 64), alt: "", loading: "lazy", width: 44, height: 44 });
      image.addEventListener("error", noCover);
      this.images.set(row.id, image);
    }
    return make(
      "div",
      { class: "ed-card" },
      make("label", { class: "check" }, input, make("span", { class: "sr" }, `Choose ${title}`)),
      image,
      button,
      cells.length ? make("span", { class: `count s-${wrong ? "bad" : "you"}`, title: `${many(cells.length, "cell")} not saved` }, String(cells.length)) : make("span"),
    );
  }

  /** A sheet for these tracks, in the order of the list. */
  private openFields(ids: readonly number[]): void {
    const places = ids.map((id) => this.rows.place(id)).sort((a, b) => a - b);
    const rows = places.map((place) => this.rows.at(place)).filter((row): row is Row => Boolean(row));
    const [first] = rows;
    if (!first) return;
    const fields = this.columns.map((field) => {
      const texts = new Set(rows.map((row) => this.textOf(row, field.name)));
      const error = rows.map((row) => this.draft.get(row.id, field.name)?.error ?? "").find(Boolean) ?? "";
      return { field, text: texts.size === 1 ? [...texts][0] : undefined, error };
    });
    const title = rows.length === 1 ? this.textOf(first, this.kind.title) || "Untitled" : many(rows.length, this.kind.word);
    openSheet(title, rows.length, fields, (touched) => {
      const typed = rows.flatMap((row, place) =>
        [...touched].flatMap(([field, text]) => {
          // A pasted column may end before the tracks do.
          const to = typeof text === "string" ? text : text[place];
          return to === undefined ? [] : [{ id: row.id, field, old: this.rows.text(row, field), to }];
        }),
      );
      this.draft.type(typed);
    });
  }
}

customElements.define("mt-editor", Editor);
