/** Search and replace, and the choice of columns. */
import { make } from "../dom";
import type { Field, Kind, Preset } from "./fields";
import { answerOf } from "./rows";

const PAUSE = 250;

export interface Replacing {
  fields: string[];
  pattern: string;
  replacement: string;
  regex: boolean;
  ignore_case: boolean;
}

export interface Replaced {
  cells: number;
  found: number;
  changed: number;
  edits?: { id: number; field: string; old: string; new: string }[];
}

function openDialog(name: string, title: string, ...content: HTMLElement[]): HTMLDialogElement {
  document.getElementById(name)?.remove();
  const dialog = make("dialog", { id: name, class: "ed-dialog", "aria-labelledby": `${name}-title` }, make("h2", { id: `${name}-title` }, title), ...content);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function field(id: string, label: string): { box: HTMLElement; input: HTMLInputElement } {
  const input = make("input", { class: "in mono", id, autocomplete: "off", spellcheck: "false" });
  return { box: make("div", { class: "field" }, make("label", { for: id }, label), input), input };
}

function check(label: string, checked = false): { box: HTMLElement; input: HTMLInputElement } {
  const input = make("input", { type: "checkbox", checked });
  return { box: make("label", { class: "check" }, input, make("span", {}, label)), input };
}

const many = (count: number, word: string) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

export function openReplace(
  columns: readonly Field[],
  current: string,
  ask: (what: Replacing, countOnly: boolean) => Promise<Replaced>,
  done: (found: Replaced) => void,
): void {
  const find = field("replace-find", "Find");
  const by = field("replace-by", "Replace with");
  const regex = check("Regular expression");
  const ignore = check("Ignore case", true);
  const where = make("select", { class: "in", id: "replace-where" }, make("option", { value: "" }, "All columns shown"), ...columns.map((each) => make("option", { value: each.name }, each.label)));
  where.value = columns.some((each) => each.name === current) ? current : "";
  const count = make("p", { class: "ed-count", role: "status" });
  const apply = make("button", { class: "btn btn-ink", type: "submit", "aria-disabled": "true" }, "Replace");
  const close = make("button", { class: "btn btn-ghost", type: "button" }, "Close");
  const form = make(
    "form",
    {},
    find.box,
    by.box,
    make("div", { class: "row" }, regex.box, ignore.box),
    make("div", { class: "field" }, make("label", { for: "replace-where" }, "In"), where),
    count,
    make("div", { class: "row" }, apply, close),
  );
  const what = (): Replacing => ({
    fields: where.value ? [where.value] : columns.map((each) => each.name),
    pattern: find.input.value,
    replacement: by.input.value,
    regex: regex.input.checked,
    ignore_case: ignore.input.checked,
  });
  let round = 0;
  let timer = 0;
  const say = (text: string, wrong = false) => {
    count.textContent = text;
    count.classList.toggle("wrong", wrong);
  };
  const look = async () => {
    round += 1;
    const own = round;
    apply.setAttribute("aria-disabled", "true");
    if (!find.input.value) return say("");
    try {
      const found = await ask(what(), true);
      if (own !== round) return;
      say(found.found ? `${many(found.found, "match").replace(/matchs$/, "matches")} in ${many(found.cells, "cell")}; ${many(found.changed, "cell")} would change.` : "No match.");
      if (found.changed) apply.setAttribute("aria-disabled", "false");
    } catch (error) {
      if (own === round) say((error as Error).message, true);
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void look(), PAUSE);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!find.input.value) return;
    clearTimeout(timer);
    round += 1;
    void ask(what(), false).then(
      (found) => {
        if (found.edits?.length) {
          done(found);
          dialog.close();
        } else say("No match.");
      },
      (error: Error) => say(error.message, true),
    );
  });
  const dialog = openDialog("ed-replace", "Search and replace", form);
  close.addEventListener("click", () => dialog.close());
  find.input.focus();
}

export async function openColumns(entity: Kind["entity"], presets: readonly Preset[], shown: readonly string[], choose: (fields: Field[], name: string) => void): Promise<void> {
  const { items } = await answerOf<{ items: (Field & { of_items: boolean; of_albums: boolean })[] }>(fetch("/api/v1/fields"));
  const known = new Map(items.filter((each) => (entity === "item" ? each.of_items : each.of_albums)).map((each) => [each.name, each]));
  const ofNames = (names: readonly string[]) => names.map((name) => known.get(name)).filter((each): each is Field & { of_items: boolean; of_albums: boolean } => each !== undefined);
  const boxes = make("fieldset", { class: "ed-columns", "aria-label": "Columns" });
  const inputs = new Map<string, HTMLInputElement>();
  const order = [...shown, ...[...known.keys()].filter((name) => !shown.includes(name))];
  for (const each of ofNames(order)) {
    const { box, input } = check(each.label, shown.includes(each.name));
    inputs.set(each.name, input);
    boxes.append(box);
  }
  const quick = make("div", { class: "row" });
  for (const preset of presets) {
    const button = make("button", { class: "btn btn-s", type: "button" }, preset.label);
    button.addEventListener("click", () => {
      choose(ofNames(preset.fields), preset.name);
      dialog.close();
    });
    quick.append(button);
  }
  const form = make("form", { method: "dialog" }, quick, boxes, make("div", { class: "row" }, make("button", { class: "btn btn-ink", value: "done" }, "Show these")));
  const dialog = openDialog("ed-columns", "Columns", form);
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "done") return;
    const names = order.filter((name) => inputs.get(name)?.checked);
    if (names.length) choose(ofNames(names), "");
  });
}
