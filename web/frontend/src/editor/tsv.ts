/**
 * Tab-separated text as spreadsheet programs put it on the clipboard; the twin of
 * `musictool_core/changes/tsv.py`, whose words hold here, too.
 */

function quoted(text: string, at: number): [string, number] | null {
  let cell = "";
  let begin = at + 1;
  for (;;) {
    const end = text.indexOf('"', begin);
    if (end < 0) return null;
    cell += text.slice(begin, end);
    const next = text[end + 1];
    if (next === '"') {
      cell += '"';
      begin = end + 2;
    } else if (next === undefined || "\t\n\r".includes(next)) return [cell, end + 1];
    else return null;
  }
}

/** Rows of cells; the line end after the last row, which every program adds, makes no row. */
export function parseTsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const found = text[at] === '"' ? quoted(text, at) : null;
    let cell: string;
    if (found) [cell, at] = found;
    else {
      const start = at;
      while (at < text.length && !"\t\n\r".includes(text.charAt(at))) at += 1;
      cell = text.slice(start, at);
    }
    row.push(cell);
    if (text[at] === "\t") {
      at += 1;
      if (at < text.length) continue;
      row.push("");
    }
    rows.push(row);
    row = [];
    if (text.startsWith("\r\n", at)) at += 2;
    else if (at < text.length) at += 1;
  }
  return rows;
}

/** The text that `parseTsv`, LibreOffice and Excel read back as these cells. */
export function renderTsv(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => (/[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(cell).join("\t")}\n`).join("");
}
