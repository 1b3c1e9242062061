/** What is edited and not saved: cells, what is wrong with them, undo and redo. No markup here. */

export interface Cell {
  id: number;
  field: string;
  /** What is stored, as the cell showed it. */
  old: string;
  now: string;
  /** Why it cannot be saved. */
  error?: string;
}

interface Step {
  id: number;
  field: string;
  old: string;
  from: string;
  to: string;
}

export interface Typed {
  id: number;
  field: string;
  /** What is stored. */
  old: string;
  to: string;
}

const key = (id: number, field: string) => `${id} ${field}`;

export class Draft {
  /** Called after each change. */
  onChange: () => void = () => undefined;
  private cells = new Map<string, Cell>();
  private byRow = new Map<number, number>();
  private done: Step[][] = [];
  private undone: Step[][] = [];

  get(id: number, field: string): Cell | undefined {
    return this.cells.size ? this.cells.get(key(id, field)) : undefined;
  }

  get size(): number {
    return this.cells.size;
  }

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  all(): Cell[] {
    return [...this.cells.values()];
  }

  ofRow(id: number): Cell[] {
    return this.byRow.has(id) ? this.all().filter((cell) => cell.id === id) : [];
  }

  /** What can be saved. */
  valid(): Cell[] {
    return this.all().filter((cell) => !cell.error);
  }

  /** One step that can be taken back as one. */
  type(typed: readonly Typed[]): void {
    const step = typed
      .map(({ id, field, old, to }) => ({ id, field, old: this.get(id, field)?.old ?? old, from: this.get(id, field)?.now ?? old, to }))
      .filter((each) => each.from !== each.to);
    if (!step.length) return;
    this.done.push(step);
    this.undone = [];
    this.put(step.map((each) => ({ ...each, text: each.to })));
  }

  undo(): readonly { id: number; field: string }[] {
    const step = this.done.pop();
    if (!step) return [];
    this.undone.push(step);
    this.put(step.map((each) => ({ ...each, text: each.from })));
    return step;
  }

  redo(): readonly { id: number; field: string }[] {
    const step = this.undone.pop();
    if (!step) return [];
    this.done.push(step);
    this.put(step.map((each) => ({ ...each, text: each.to })));
    return step;
  }

  /** What the server says about the cells as they are now. */
  judge(errors: readonly { id: number; field: string; why: string }[]): void {
    for (const cell of this.cells.values()) delete cell.error;
    for (const { id, field, why } of errors) {
      const cell = this.cells.get(key(id, field));
      if (cell) cell.error = why;
    }
  }

  /** These are stored now. */
  forget(cells: readonly Cell[]): void {
    for (const { id, field, now } of cells) if (this.get(id, field)?.now === now) this.drop(id, field);
    this.done = [];
    this.undone = [];
    this.onChange();
  }

  /** Forget all as one step that can be taken back. */
  discard(): void {
    this.type(this.all().map((cell) => ({ id: cell.id, field: cell.field, old: cell.old, to: cell.old })));
  }

  kept(): string {
    return JSON.stringify(this.all().map(({ id, field, old, now }) => [id, field, old, now]));
  }

  restore(text: string): void {
    const found = JSON.parse(text) as [number, string, string, string][];
    this.type(found.map(([id, field, old, to]) => ({ id, field, old, to })));
  }

  private put(cells: readonly { id: number; field: string; old: string; text: string }[]): void {
    for (const { id, field, old, text } of cells) {
      if (text === old) this.drop(id, field);
      else {
        if (!this.get(id, field)) this.byRow.set(id, (this.byRow.get(id) ?? 0) + 1);
        this.cells.set(key(id, field), { id, field, old, now: text });
      }
    }
    this.onChange();
  }

  private drop(id: number, field: string): void {
    if (!this.cells.delete(key(id, field))) return;
    const left = (this.byRow.get(id) ?? 1) - 1;
    if (left) this.byRow.set(id, left);
    else this.byRow.delete(id);
  }
}
