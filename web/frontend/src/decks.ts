/** Tells the list of decks that one changed: the page asks for them anew. */
import type { LiveEvent } from "./events";

class Decks extends HTMLElement {
  private stop?: AbortController;

  connectedCallback(): void {
    this.stop = new AbortController();
    document.addEventListener("mt:event", (event) => this.told(event as CustomEvent<LiveEvent>), { signal: this.stop.signal });
  }

  disconnectedCallback(): void {
    this.stop?.abort();
  }

  private told(event: CustomEvent<LiveEvent>): void {
    const data = event.detail.data as { name?: string } | null;
    if (event.detail.name !== "event" || data?.name !== "traktor.deck") return;
    document.querySelector("#decks")?.dispatchEvent(new CustomEvent("mt:decks"));
  }
}

customElements.define("mt-decks", Decks);
