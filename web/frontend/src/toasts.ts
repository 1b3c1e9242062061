/** Messages at the bottom: what was done, with Undo. */
import { icon, make, on } from "./dom";

const SHOWN = 8000;

export interface ToastOptions {
  /** POST target that takes it back. */
  undo?: string;
  /** Called instead of a POST. */
  onUndo?: () => void;
  /** Stays until it is closed. */
  failed?: boolean;
}

function keepWhileLookedAt(element: HTMLElement): void {
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => element.remove(), SHOWN);
  };
  const stay = () => clearTimeout(timer);
  element.addEventListener("mouseenter", stay);
  element.addEventListener("focusin", stay);
  element.addEventListener("mouseleave", wait);
  element.addEventListener("focusout", wait);
  wait();
}

function show(element: HTMLElement): void {
  const area = document.getElementById("toasts");
  area?.append(element);
  if (!element.classList.contains("failed")) keepWhileLookedAt(element);
}

async function takeBack(url: string, element: HTMLElement): Promise<void> {
  try {
    const answer = await fetch(url, { method: "POST", headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    element.remove();
    toast("Taken back.");
    document.dispatchEvent(new CustomEvent("mt:undone", { detail: { url } }));
  } catch {
    toast("It could not be taken back. Look in History.", { failed: true });
  }
}

/** Say that something happened. */
export function toast(text: string, options: ToastOptions = {}): HTMLElement {
  const { undo, onUndo, failed = false } = options;
  const element = make(
    "div",
    { class: failed ? "toast failed" : "toast", "data-toast": true },
    icon(failed ? "circle-alert" : "check"),
    make("span", { class: "grow" }, text),
  );
  if (undo || onUndo) {
    const button = make("button", { class: "btn btn-undo", type: "button" }, icon("undo-2"), "Undo");
    button.addEventListener("click", () => {
      if (onUndo) {
        onUndo();
        element.remove();
      } else if (undo) void takeBack(undo, element);
    });
    element.append(button);
  }
  element.append(make("button", { class: "btn btn-i", type: "button", "data-toast-close": true, "aria-label": "Close" }, icon("x")));
  show(element);
  return element;
}

/** Messages the server put into the page move to where messages are. */
function adopt(): void {
  for (const area of document.querySelectorAll("[data-messages]")) {
    for (const each of area.querySelectorAll<HTMLElement>("[data-toast]")) {
      each.classList.remove("toast-still");
      show(each);
    }
    area.remove();
  }
}

export function startToasts(): void {
  on("click", "[data-toast-close]", (button) => button.closest("[data-toast]")?.remove());
  on("submit", "[data-toast] form", (form, event) => {
    const element = form.closest<HTMLElement>("[data-toast]");
    if (!(form instanceof HTMLFormElement) || !element) return;
    event.preventDefault();
    void takeBack(form.action, element);
  });
  document.addEventListener("mt:toast", (event) => {
    const { text, ...options } = (event as CustomEvent<ToastOptions & { text: string }>).detail;
    toast(text, options);
  });
  document.addEventListener("mt:page", adopt);
  adopt();
}
