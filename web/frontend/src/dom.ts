/** Small helpers over the DOM; text always goes in as text. */

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | null | undefined>;

/** A new element. `true` sets a bare attribute, `false`, `null` and `undefined` leave it out. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon of the sprite, by its Lucide name. */
export function icon(name: string, size = 16): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", size === 16 ? "i" : `i i${size}`);
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.documentElement.dataset["icons"] ?? ""}#${name}`);
  svg.append(use);
  return svg;
}

/** Text that reads in its own direction. */
export function bdi(text: string): HTMLElement {
  return make("bdi", { dir: "auto" }, text);
}

/** Call `handle` when an element that matches, now or later in the page, gets the event. */
export function on<K extends keyof HTMLElementEventMap>(
  event: K,
  selector: string,
  handle: (element: HTMLElement, event: HTMLElementEventMap[K]) => void,
): void {
  document.addEventListener(event, (happened) => {
    const start = happened.target;
    const found = start instanceof Element ? start.closest<HTMLElement>(selector) : null;
    if (found) handle(found, happened as HTMLElementEventMap[K]);
  });
}

/** Whether keys typed now belong to a field. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable], [role=grid]") !== null;
}

/** Minutes and seconds, "8:03". */
export function clock(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.floor(seconds)) : 0;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
