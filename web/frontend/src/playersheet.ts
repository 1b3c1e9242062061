/** What plays, in full: for screens where the bar has room for a title and one button. */
import { bdi, clock, icon, make } from "./dom";
import type { Track } from "./player";
import { Wave } from "./wave";

/** What the sheet may ask of the player. */
export interface Deck {
  now(): { track: Track; position: number; length: number; playing: boolean; queue: readonly string[] };
  titles(ids: readonly string[]): Promise<Map<string, string>>;
  previous(): void;
  toggle(): void;
  next(): void;
  /** Go on with the entry of the queue at this place. */
  jump(place: number): void;
}

const SHOWN = 30;

/** The rows of a queue; what has no title yet gets it when it is known. */
export function queueList(deck: Deck, chosen: (place: number) => void): HTMLElement {
  const ids = deck.now().queue.slice(0, SHOWN);
  const list = make("ol");
  const labels = new Map<string, HTMLElement>();
  ids.forEach((id, place) => {
    const label = bdi("…");
    labels.set(id, label);
    const row = make("button", { type: "button" }, make("span", { class: "q3" }, String(place + 1)), label);
    row.addEventListener("click", () => chosen(place));
    list.append(make("li", {}, row));
  });
  const rest = deck.now().queue.length - ids.length;
  if (!ids.length) list.append(make("li", { class: "q3" }, "Nothing follows."));
  if (rest > 0) list.append(make("li", { class: "q3" }, `and ${rest} more`));
  void deck.titles(ids).then((found) => {
    for (const [id, label] of labels) label.textContent = found.get(id) ?? `Track ${id}`;
  });
  return list;
}

/** Open it; it follows the player until it is closed. */
export function openPlayer(deck: Deck): void {
  const art = make("div", { class: "ps-art" });
  const text = make("div", { class: "ps-what" });
  const wave = make("div", { class: "ps-wave" });
  const at = make("span", {});
  const end = make("span", {});
  const act = (name: string, label: string, run: () => void): HTMLButtonElement => {
    const button = make("button", { type: "button", class: "pl-btn", "aria-label": label, title: label }, icon(name, 22));
    button.addEventListener("click", run);
    return button;
  };
  const toggle = act("play", "Play", () => deck.toggle());
  toggle.classList.add("ps-play");
  const next = act("skip-forward", "Next", () => deck.next());
  const close = act("chevron-down", "Close the player", () => dialog.close());
  const follows = make("div", { class: "ps-next" });
  const dialog = make(
    "dialog",
    { class: "ps", "aria-label": "Player" },
    make("div", { class: "ps-top" }, close),
    art,
    text,
    wave,
    make("div", { class: "ps-times" }, at, end),
    make("div", { class: "ps-acts" }, act("skip-back", "Previous", () => deck.previous()), toggle, next),
    follows,
  );

  const progressed = (): void => {
    const { position, length, playing } = deck.now();
    at.textContent = clock(position);
    end.textContent = clock(length);
    const label = playing ? "Pause" : "Play";
    if (toggle.title === label && toggle.firstChild) return;
    toggle.replaceChildren(icon(playing ? "pause" : "play", 22));
    toggle.setAttribute("aria-label", label);
    toggle.title = label;
  };
  const changed = (): void => {
    const { track, queue } = deck.now();
    const picture = track.cover ? make("img", { src: track.cover.replace(/size=\d+/, "size=640"), alt: "" }) : make("span", { class: "noart", "aria-hidden": "true" }, make("i", {}, (track.album || track.title).slice(0, 1).toUpperCase()));
    art.replaceChildren(make("span", { class: "cover" }, picture));
    const title = track.href ? make("a", { href: track.href }, bdi(track.title)) : bdi(track.title);
    const facts = make("span", { class: "row" });
    if (track.key) facts.append(make("span", { class: `key k${track.key.toLowerCase()}${/b$/i.test(track.key) ? " key-b" : ""}` }, track.key));
    if (track.bpm) facts.append(make("b", {}, track.bpm.toFixed(2)));
    text.replaceChildren(make("div", { class: "grow" }, make("h2", {}, title), make("p", { class: "q2" }, bdi(track.artist))), facts);
    const shape = new Wave();
    shape.dataset["track"] = track.id;
    shape.dataset["length"] = String(track.length ?? 0);
    wave.replaceChildren(shape);
    next.disabled = !queue.length;
    follows.replaceChildren(make("h3", {}, "What plays next"), queueList(deck, (place) => deck.jump(place)));
    progressed();
  };
  const listen = (add: boolean): void => {
    const of = add ? document.addEventListener.bind(document) : document.removeEventListener.bind(document);
    of("mt:progress", progressed);
    of("mt:details", changed);
  };
  dialog.addEventListener("click", (event) => {
    // A link leads away from under it.
    if (event.target === dialog || (event.target instanceof Element && event.target.closest("a"))) dialog.close();
  });
  dialog.addEventListener("close", () => {
    listen(false);
    dialog.remove();
  });
  listen(true);
  changed();
  document.body.append(dialog);
  dialog.showModal();
  toggle.focus();
}
