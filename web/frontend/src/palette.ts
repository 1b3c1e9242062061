/** The command palette: pages, acts of this page, and what the search finds. */
import { bdi, icon, make } from "./dom";
import { visit } from "./navigate";
import { setTheme, type Theme } from "./theme";

interface Entry {
  label: string;
  detail: string;
  icon: string;
  run: () => void;
}

interface Found {
  results: { title: string; detail?: string; href: string; icon?: string }[];
}

const DELAY = 120;
const MOST = 12;

function pages(): Entry[] {
  return [...document.querySelectorAll<HTMLAnchorElement>("#nav a")].map((link) => ({
    label: link.title,
    detail: link.dataset["key"] ? `g ${link.dataset["key"]}` : "",
    icon: "arrow-right",
    run: () => visit(link.pathname + link.search),
  }));
}

/** Any control of the page that carries data-command="what it does". */
function acts(): Entry[] {
  return [...document.querySelectorAll<HTMLElement>("[data-command]")].map((element) => ({
    label: element.dataset["command"] ?? "",
    detail: "on this page",
    icon: "sparkles",
    run: () => element.click(),
  }));
}

function themes(): Entry[] {
  const names: [Theme, string, string][] = [["auto", "Theme: as the system", "sun-moon"], ["light", "Theme: light", "sun"], ["dark", "Theme: dark", "moon"]];
  return names.map(([theme, label, sign]) => ({ label, detail: "", icon: sign, run: () => setTheme(theme) }));
}

class Palette extends HTMLElement {
  private readonly dialog = make("dialog", { class: "palette", "aria-label": "Go to or find" });
  private readonly input = make("input", {
    type: "search",
    placeholder: "Go to a page, find a record, do something",
    "aria-label": "Go to or find",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "mt-palette-list",
    autocomplete: "off",
    spellcheck: "false",
  });
  private readonly list = make("ul", { id: "mt-palette-list", role: "listbox", "aria-label": "Results" });
  private entries: Entry[] = [];
  private at = 0;
  private asked: AbortController | undefined;
  private timer = 0;

  connectedCallback(): void {
    if (this.firstChild) return;
    this.dialog.append(this.input, this.list);
    this.append(this.dialog);
    this.input.addEventListener("input", () => this.changed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => {
      const row = event.target instanceof Element ? event.target.closest("li") : null;
      if (row) this.choose([...this.list.children].indexOf(row));
    });
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  open(): void {
    if (this.dialog.open) return;
    this.input.value = "";
    this.dialog.showModal();
    this.changed();
  }

  private changed(): void {
    const text = this.input.value.trim().toLowerCase();
    const own = [...pages(), ...acts(), ...(text ? themes() : [])];
    this.show(own.filter((entry) => entry.label.toLowerCase().includes(text)));
    clearTimeout(this.timer);
    this.asked?.abort();
    if (text.length > 1) this.timer = window.setTimeout(() => void this.find(text), DELAY);
  }

  private async find(text: string): Promise<void> {
    this.asked = new AbortController();
    try {
      const answer = await fetch(`/api/v1/search?q=${encodeURIComponent(text)}&limit=${MOST}`, { signal: this.asked.signal });
      if (!answer.ok) return;
      const { results } = (await answer.json()) as Found;
      const found = results.map((each) => ({
        label: each.title,
        detail: each.detail ?? "",
        icon: each.icon ?? "music",
        run: () => visit(each.href),
      }));
      this.show([...this.entries, ...found]);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  }

  private show(entries: Entry[]): void {
    this.entries = entries.slice(0, 40);
    this.at = Math.min(this.at, Math.max(0, this.entries.length - 1));
    if (!this.input.value) this.at = 0;
    const rows = this.entries.map((entry, index) =>
      make("li", { role: "option", id: `mt-palette-${index}` }, icon(entry.icon, 18), bdi(entry.label), make("small", {}, entry.detail)),
    );
    if (!rows.length) rows.push(make("li", { role: "option", "aria-disabled": "true" }, "Nothing by that name."));
    this.list.replaceChildren(...rows);
    this.mark();
  }

  private mark(): void {
    [...this.list.children].forEach((row, index) => row.setAttribute("aria-selected", String(index === this.at && this.entries.length > 0)));
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", `mt-palette-${this.at}`);
  }

  private key(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && this.entries.length) {
      event.preventDefault();
      this.at = (this.at + step + this.entries.length) % this.entries.length;
      this.mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.choose(this.at);
    }
  }

  private choose(index: number): void {
    const entry = this.entries[index];
    if (!entry) return;
    this.dialog.close();
    entry.run();
  }
}

customElements.define("mt-palette", Palette);

export function palette(): Palette {
  const there = document.querySelector<Palette>("mt-palette");
  if (there) return there;
  const made = document.createElement("mt-palette") as Palette;
  document.body.append(made);
  return made;
}
