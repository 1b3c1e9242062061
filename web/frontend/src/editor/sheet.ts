/** Fields of one or several tracks in a sheet, for screens too small for a grid. */
import { icon, make } from "../dom";
import type { Field } from "./fields";
import { parseTsv } from "./tsv";

export interface SheetField {
  field: Field;
  /** What the tracks have; undefined when they differ. */
  text: string | undefined;
  error: string;
}

/** One text for all tracks, or a pasted column: a text for each track, from the first one down. */
export type Touched = Map<string, string | readonly string[]>;

/** The first column of what is pasted, when it has a line for more than one track. */
function columnOf(event: ClipboardEvent): string[] {
  const lines = parseTsv(event.clipboardData?.getData("text/plain") ?? "").map(([first]) => first ?? "");
  return lines.length > 1 ? lines : [];
}

/** Open it for so many tracks; `done` gets the fields that were touched. */
export function openSheet(title: string, tracks: number, fields: readonly SheetField[], done: (touched: Touched) => void): void {
  const touched: Touched = new Map();
  const form = make("form", { method: "dialog" });
  for (const { field, text, error } of fields) {
    const id = `sheet-field-${field.name}`;
    const attributes = { class: "in", id, dir: "auto", autocomplete: "off", inputmode: field.kind === "integer" ? "numeric" : field.kind === "number" ? "decimal" : undefined, placeholder: text === undefined ? "several values" : undefined };
    const input = field.kind === "lines" ? make("textarea", { ...attributes, rows: 3 }) : make("input", attributes);
    input.value = text ?? "";
    const box = make("div", { class: "field" }, make("label", { for: id }, field.label), input);
    if (error) {
      input.setAttribute("aria-invalid", "true");
      box.append(make("p", { class: "wrong" }, icon("circle-x"), make("span", {}, error)));
    }
    input.addEventListener("input", () => {
      touched.set(field.name, input.value);
      box.classList.add("touched");
      said.textContent = "";
    });
    const said = make("p", { class: "q2", role: "status" });
    box.append(said);
    // A field of several lines takes them as its own text.
    if (tracks > 1 && field.kind !== "lines") {
      input.addEventListener("paste", (event) => {
        const lines = columnOf(event as ClipboardEvent).slice(0, tracks);
        if (!lines.length) return;
        event.preventDefault();
        input.value = "";
        input.placeholder = "pasted column";
        touched.set(field.name, lines);
        box.classList.add("touched");
        said.textContent = `${lines.length} lines for ${tracks} tracks, from the first one down: ${lines[0]} … ${lines.at(-1)}`;
      });
    }
    if (text === undefined) {
      const clear = make("button", { class: "btn btn-s btn-ghost", type: "button" }, "Clear in all");
      clear.addEventListener("click", () => {
        input.value = "";
        input.placeholder = "empty";
        said.textContent = "";
        touched.set(field.name, "");
        box.classList.add("touched");
      });
      box.append(clear);
    }
    form.append(box);
  }
  const save = make("button", { class: "btn btn-ink", value: "done" }, "Done");
  form.append(make("div", { class: "row" }, save, make("button", { class: "btn btn-ghost", value: "", formnovalidate: true }, "Cancel")));
  const dialog = make("dialog", { class: "ed-sheet", "aria-labelledby": "sheet-title" }, make("h2", { id: "sheet-title" }, title), form);
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue === "done" && touched.size) done(touched);
  });
  document.body.append(dialog);
  dialog.showModal();
}
