/** Keys: `/` search, `?` help, `g` then a letter goes to a page, Ctrl or ⌘ K the palette. */
import { isTyping, make, on } from "./dom";
import { visit } from "./navigate";

const PAUSE = 1200;
const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);

async function openPalette(): Promise<void> {
  const { palette } = await import("./palette");
  palette().open();
}

function openHelp(): void {
  document.getElementById("mt-keys")?.remove();
  const rows: [string, string][] = [
    ["/", "Search on this page"],
    [IS_MAC ? "⌘ K" : "Ctrl K", "Go anywhere, find anything"],
    ["Space", "Play or pause"],
    ["← →", "Back or on by 10 seconds, in the waveform"],
    ["?", "This list"],
  ];
  for (const link of document.querySelectorAll<HTMLElement>("#nav [data-key]")) {
    rows.push([`g ${link.dataset["key"] ?? ""}`, link.title]);
  }
  const list = make("dl", { class: "keys-help" });
  for (const [key, text] of rows) list.append(make("dt", {}, make("kbd", {}, key)), make("dd", {}, text));
  const close = make("button", { class: "btn" }, "Close");
  const dialog = make(
    "dialog",
    { id: "mt-keys", "aria-labelledby": "mt-keys-title" },
    make("h2", { id: "mt-keys-title" }, "Keys"),
    list,
    make("form", { method: "dialog" }, close),
  );
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
}

let sequence = 0;

function single(key: string, event: KeyboardEvent): void {
  if (key === "/") {
    const field = document.querySelector<HTMLInputElement>("#main [data-search]");
    if (field?.offsetParent) {
      event.preventDefault();
      field.focus();
      field.select();
    } else {
      event.preventDefault();
      void openPalette();
    }
  } else if (key === "?") {
    event.preventDefault();
    openHelp();
  } else if (key === "g") {
    sequence = performance.now();
  }
}

function pressed(event: KeyboardEvent): void {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    void openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (sequence && performance.now() - sequence < PAUSE) {
    sequence = 0;
    const link = document.querySelector<HTMLAnchorElement>(`#nav [data-key="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      visit(link.pathname + link.search);
      return;
    }
  }
  single(event.key, event);
}

export function startKeys(): void {
  document.addEventListener("keydown", pressed);
  on("click", "[data-palette]", (_, event) => {
    event.preventDefault();
    void openPalette();
  });
  on("click", "[data-keys-help]", openHelp);
  if (IS_MAC) {
    const label = () => {
      for (const each of document.querySelectorAll<HTMLElement>("[data-mod-key]")) each.textContent = `⌘${each.dataset["modKey"] ?? ""}`;
    };
    document.addEventListener("mt:page", label);
    label();
  }
}
