/** <mt-arrange>: widgets are moved, sized and removed in place; each change is saved at once. */
import Sortable from "sortablejs";
import { toast } from "./toasts";

interface Saved {
  id: number;
  version: number;
}

const NAMES: Record<string, string> = { s: "small", m: "medium", l: "large", xl: "full width" };
const ORDER = ["s", "m", "l", "xl"];

class Arrange extends HTMLElement {
  private board!: HTMLElement;
  private sortable?: Sortable;
  /** Saves run one after the other, so that each knows the version of the one before. */
  private saving: Promise<void> = Promise.resolve();

  connectedCallback(): void {
    this.board = this.querySelector<HTMLElement>(".board") as HTMLElement;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.sortable = Sortable.create(this.board, {
      handle: ".grip",
      animation: still ? 0 : 160,
      onEnd: (event) => {
        if (event.oldIndex !== event.newIndex) this.changed(this.placeOf(event.item));
      },
    });
    this.addEventListener("submit", this.onSubmit);
  }

  disconnectedCallback(): void {
    this.sortable?.destroy();
    this.removeEventListener("submit", this.onSubmit);
  }

  private readonly onSubmit = (event: SubmitEvent): void => {
    const form = event.target as HTMLElement;
    const button = event.submitter as HTMLButtonElement | null;
    const widget = form.closest<HTMLElement>("[data-widget]");
    if (!form.matches("[data-tools]") || !button || !widget) return;
    event.preventDefault();
    const act = button.value;
    if (act === "earlier" || act === "later") this.move(widget, act, button);
    else if (act === "remove") this.take(widget);
    else this.resize(widget, act === "larger");
  };

  private widgets(): HTMLElement[] {
    return [...this.board.querySelectorAll<HTMLElement>(":scope > [data-widget]")];
  }

  private nameOf(widget: HTMLElement): string {
    return widget.querySelector("h2")?.textContent ?? "Widget";
  }

  private placeOf(widget: HTMLElement): string {
    const all = this.widgets();
    return `${this.nameOf(widget)} is now ${all.indexOf(widget) + 1} of ${all.length}.`;
  }

  private say(text: string): void {
    const said = this.querySelector("[data-said]");
    if (said) said.textContent = text;
  }

  private move(widget: HTMLElement, act: "earlier" | "later", button: HTMLButtonElement): void {
    const all = this.widgets();
    const other = all[all.indexOf(widget) + (act === "earlier" ? -1 : 1)];
    if (!other) {
      this.say(`${this.nameOf(widget)} is already the ${act === "earlier" ? "first" : "last"}.`);
      return;
    }
    if (act === "earlier") other.before(widget);
    else other.after(widget);
    button.focus();
    this.changed(this.placeOf(widget));
  }

  private resize(widget: HTMLElement, larger: boolean): void {
    const data = JSON.parse(widget.dataset["widget"] ?? "{}") as { size: string };
    const sizes = (widget.dataset["sizes"] ?? "").split(" ");
    const present = ORDER.indexOf(data.size);
    const beyond = sizes.filter((size) => (larger ? ORDER.indexOf(size) > present : ORDER.indexOf(size) < present));
    const size = larger ? beyond[0] : beyond[beyond.length - 1];
    if (!size) {
      this.say(`${this.nameOf(widget)} has no ${larger ? "larger" : "smaller"} size.`);
      return;
    }
    widget.classList.replace(`w-${data.size}`, `w-${size}`);
    widget.dataset["widget"] = JSON.stringify({ ...data, size });
    const shown = widget.querySelector("[data-size]");
    if (shown) shown.textContent = NAMES[size] ?? size;
    this.changed(`${this.nameOf(widget)} is now ${NAMES[size]}.`);
  }

  private take(widget: HTMLElement): void {
    const before = widget.nextElementSibling;
    const beside = before ?? widget.previousElementSibling;
    widget.remove();
    (beside?.querySelector<HTMLElement>("[data-tools] button") ?? document.querySelector<HTMLElement>("#main h1"))?.focus();
    const text = `${this.nameOf(widget)} was removed.`;
    this.changed(text);
    toast(text, {
      onUndo: () => {
        if (!this.isConnected) return;
        this.board.insertBefore(widget, before?.parentNode === this.board ? before : null);
        this.changed(`${this.nameOf(widget)} is back.`);
      },
    });
  }

  private changed(text: string): void {
    this.say(text);
    this.saving = this.saving.then(() => this.save());
  }

  private async save(): Promise<void> {
    const number = this.dataset["number"] ?? "0";
    const widgets = this.widgets().map((each) => JSON.parse(each.dataset["widget"] ?? "{}") as unknown);
    try {
      const answer = await fetch(`/api/v1/dashboards/${number}`, {
        method: "PUT",
        headers: { "Content-Type": "application/json", "If-Match": `"${this.dataset["version"]}"` },
        body: JSON.stringify({ title: this.dataset["title"], widgets }),
      });
      const said = (await answer.json()) as Saved & { detail?: string; hint?: string };
      if (!answer.ok) {
        toast(`Not saved: ${said.detail ?? answer.statusText} ${said.hint ?? ""}`, { failed: true });
        return;
      }
      this.remember(said);
    } catch {
      toast("The server does not answer. This change is not saved.", { failed: true });
    }
  }

  /** The forms of the page speak of the version that is there now. */
  private remember(saved: Saved): void {
    const main = this.closest("main") ?? document;
    if (this.dataset["number"] !== String(saved.id)) {
      const old = `/dashboards/${this.dataset["number"]}`;
      const page = `/dashboards/${saved.id}`;
      for (const form of main.querySelectorAll<HTMLFormElement>(`form[action="${old}"]`)) form.setAttribute("action", page);
      for (const link of main.querySelectorAll<HTMLAnchorElement>(`a[href="${old}"]`)) link.setAttribute("href", page);
      history.replaceState(history.state, "", `${page}?arrange=1`);
    }
    this.dataset["number"] = String(saved.id);
    this.dataset["version"] = String(saved.version);
    for (const field of main.querySelectorAll<HTMLInputElement>('input[name="version"]')) field.value = String(saved.version);
  }
}

customElements.define("mt-arrange", Arrange);
