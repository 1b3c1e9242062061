/** Review by keys: y yes, n no, s skip, a all of this record, p plays the file. */
import { isTyping } from "./dom";

class Review extends HTMLElement {
  private stop?: AbortController;

  connectedCallback(): void {
    this.stop = new AbortController();
    document.addEventListener("keydown", (event) => this.pressed(event), { signal: this.stop.signal });
  }

  disconnectedCallback(): void {
    this.stop?.abort();
  }

  private pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    const button =
      key === "p"
        ? this.querySelector<HTMLElement>("[data-play]")
        : this.querySelector<HTMLElement>(`[data-answer="${CSS.escape(key)}"]`);
    if (!button) return;
    event.preventDefault();
    // A second press before the next question is there must not answer it.
    if (key !== "p") this.stop?.abort();
    button.click();
  }
}

customElements.define("mt-review", Review);
