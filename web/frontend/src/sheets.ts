/** Whole sheets after the page: what it came with holds only the rules that it used (first_view.py). */

const later = document.querySelector<HTMLElement>("[data-later]");
const [common, ...own] = (later?.dataset["later"] ?? "").split(" ").filter(Boolean);
let isCommonThere = false;

function insert(href: string, into: Element): Promise<unknown> {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  const done = new Promise((resolve) => {
    link.onload = link.onerror = resolve;
  });
  if (into === document.head) into.append(link);
  else into.prepend(link);
  return done;
}

function insertCommon(): void {
  if (common && !isCommonThere) void insert(common, document.head);
  isCommonThere = true;
}

async function insertAll(): Promise<void> {
  const main = document.getElementById("main");
  // Those of the page first: without them the common one would outweigh what they override.
  if (main && !isCommonThere) await Promise.all(own.map((href) => insert(href, main)));
  insertCommon();
}

/** Tells the server that fonts and scripts are here: later pages are drawn with them at once. */
async function noteFiles(): Promise<void> {
  await document.fonts.ready;
  const name = later?.dataset["files"];
  if (name) document.cookie = `mt_files=${name}; path=/; max-age=31536000; samesite=lax`;
}

export function startSheets(): void {
  void noteFiles();
  // Another page needs other rules, and its own sheets come with it.
  document.addEventListener("htmx:before:request", insertCommon);
  // What scripts make at once needs them at once.
  const isMade = document.querySelector("mt-editor") !== null;
  if (isMade || document.readyState === "complete") void insertAll();
  else addEventListener("load", () => void insertAll());
}
