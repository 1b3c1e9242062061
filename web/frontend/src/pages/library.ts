/**
 * Selection in tables of tracks: ranges with Shift, all at once, a bar that counts.
 *
 * The head of a list asks for itself when the library has changed, and brings facets and rows with it (hx-select-oob);
 * rows that somebody works with stay, and while a menu is open all does.
 */
import { on } from "../dom";

const BOX = 'input[type="checkbox"][name="id"]';
let last: HTMLInputElement | undefined;

const boxesOf = (form: Element): HTMLInputElement[] => [...form.querySelectorAll<HTMLInputElement>(BOX)];

function showCount(form: HTMLElement): void {
  const boxes = boxesOf(form);
  const chosen = boxes.filter((box) => box.checked);
  for (const box of boxes) box.closest("tr")?.classList.toggle("selected", box.checked);
  const said = form.querySelector("[data-selected]");
  if (said) said.textContent = `${chosen.length} selected`;
  const edit = form.querySelector("[data-edit]");
  if (edit) edit.textContent = `Edit ${chosen.length} ${chosen.length === 1 ? "track" : "tracks"}`;
  const all = form.querySelector<HTMLInputElement>("[data-all]");
  if (all) {
    all.checked = chosen.length > 0 && chosen.length === boxes.length;
    all.indeterminate = chosen.length > 0 && !all.checked;
  }
}

function setAll(form: HTMLElement, checked: boolean): void {
  for (const box of boxesOf(form)) box.checked = checked;
  last = undefined;
  showCount(form);
}

const formOf = (element: Element): HTMLElement | null => element.closest<HTMLElement>(".selectable");

on("click", BOX, (element, event) => {
  const form = formOf(element);
  const box = element as HTMLInputElement;
  if (!form) return;
  const boxes = boxesOf(form);
  if (event.shiftKey && last && boxes.includes(last)) {
    const [from = 0, to = 0] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
  }
  last = box;
  showCount(form);
});

on("change", "[data-all]", (element) => {
  const form = formOf(element);
  if (form) setAll(form, (element as HTMLInputElement).checked);
});

on("click", "[data-clear]", (element) => {
  const form = formOf(element);
  if (form) setAll(form, false);
});

on("click", "[data-play-selected]", (element) => {
  const form = formOf(element);
  const queue = form ? boxesOf(form).filter((box) => box.checked).map((box) => box.value) : [];
  if (queue.length) document.dispatchEvent(new CustomEvent("mt:play", { detail: { id: queue[0], queue } }));
});

// On phones the boxes take room only while one selects; "Done" forgets what was ticked.
function setSelecting(form: HTMLElement, button: HTMLElement, on: boolean): void {
  form.classList.toggle("selecting", on);
  button.setAttribute("aria-pressed", String(on));
  button.textContent = on ? "Done" : "Select";
}

on("click", "[data-selecting]", (button) => {
  const form = document.querySelector<HTMLElement>(".selectable");
  if (!form) return;
  const selecting = button.getAttribute("aria-pressed") === "true";
  if (selecting) setAll(form, false);
  setSelecting(form, button, !selecting);
});

// More rows came in, or a browser brought back what was ticked.
function look(): void {
  for (const form of document.querySelectorAll<HTMLElement>(".selectable")) {
    showCount(form);
    const button = document.querySelector<HTMLElement>("[data-selecting]");
    if (button && boxesOf(form).some((box) => box.checked)) setSelecting(form, button, true);
  }
}
document.addEventListener("htmx:after:swap", look);
look();

const IN_USE = "#list-head details[open], #facets:popover-open, #list-head form:focus-within";
const TOP = 300;
const LATER = 3000;

interface Asking {
  sourceElement: Element;
  selectOOB: string | null;
}

function rowsAreFree(): boolean {
  const rows = document.getElementById("rows");
  const isUsed = rows?.querySelector(`${BOX}:checked`) || rows?.contains(document.activeElement);
  return !isUsed && window.scrollY < TOP;
}

document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = (event as CustomEvent<{ ctx: Asking }>).detail;
  if (ctx.sourceElement.id !== "list-head" || !document.querySelector(IN_USE)) return;
  event.preventDefault();
  setTimeout(() => document.dispatchEvent(new CustomEvent("mt:items")), LATER);
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = (event as CustomEvent<{ ctx: Asking; tasks: { target: Element | string }[] }>).detail;
  if (ctx.sourceElement.id !== "list-head" || rowsAreFree()) return;
  const kept = document.getElementById("rows");
  const place = tasks.findIndex((task) => task.target === kept || task.target === "#rows");
  if (place >= 0) tasks.splice(place, 1);
});
