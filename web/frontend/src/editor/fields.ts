/** Fields as `GET /api/v1/fields` describes them, and keys as DJs write them. */

export interface Field {
  name: string;
  label: string;
  kind: "text" | "lines" | "list" | "integer" | "number" | "date" | "flag" | "key";
  allowed: string;
  width: number;
}

/** What a row of the grid is. */
export interface Kind {
  entity: "item" | "album";
  /** One of them, in a sentence. */
  word: string;
  /** Fields that name a row, and what else is needed of it. */
  title: string;
  artist: string;
  further: string[];
  coverOf(id: number | string, size: number): string;
}

const cover = (of: string) => (id: number | string, size: number) => `/api/v1/${of}/${id}/art?size=${size}&sleeve=1`;

export const KINDS: Record<Kind["entity"], Kind> = {
  item: { entity: "item", word: "track", title: "title", artist: "artist", further: ["length"], coverOf: cover("tracks") },
  album: { entity: "album", word: "album", title: "album", artist: "albumartist", further: [], coverOf: cover("albums") },
};

export interface Preset {
  name: string;
  label: string;
  fields: string[];
}

export const isNumber = (field: Field): boolean => field.kind === "integer" || field.kind === "number";

const NOTES: Record<string, number> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };

/** "8A" of "Am"; "" of what is no key. */
export function camelot(text: string): string {
  const wheel = /^\s*(1[0-2]|0?[1-9])\s*([AB])\s*$/i.exec(text);
  if (wheel) return `${Number(wheel[1])}${wheel[2]?.toUpperCase()}`;
  const named = /^\s*([A-G])\s*([#♯b♭]?)[\s-]*(M|m|min|minor|moll|maj|major|dur|)\s*$/.exec(text);
  if (!named) return "";
  const shift = named[2] === "" ? 0 : "#♯".includes(named[2] ?? "") ? 1 : -1;
  const minor = /^(m|min|minor|moll)$/.test(named[3] ?? "");
  const tone = (NOTES[named[1] ?? ""] ?? 0) + shift + (minor ? 3 : 0);
  // A fifth is seven half tones, and seven is its own inverse modulo twelve.
  const hour = ((((tone * 7 + 7) % 12) + 12) % 12) + 1;
  return `${hour}${minor ? "A" : "B"}`;
}
