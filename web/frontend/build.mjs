// Builds web/static/dist: scripts, styles, fonts, icons, their manifest, compressed copies, licences.
//
// Names carry a hash of their content, so the server may let browsers keep them for ever.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import subsetFont from "subset-font";

const here = path.dirname(fileURLToPath(import.meta.url));
const final = path.join(here, "..", "static", "dist");
const out = `${final}.new`;
const fonts = path.join(here, ".fonts");
const modules = path.join(here, "node_modules");

// Printable ASCII, Latin-1, and the punctuation the interface sets.
const range = (first, last) =>
  Array.from({ length: last - first + 1 }, (_, at) => String.fromCodePoint(first + at)).join("");
const LATIN = `${range(0x20, 0x7e)}${range(0xa0, 0xff)}ıŒœŠšŸŽžˆ˜–—‘’‚“”„†‡•…‰‹›€™−′″←↑→↓\u2009\u202f`;

async function makeFonts() {
  fs.mkdirSync(fonts, { recursive: true });
  const archivo = path.join(modules, "@fontsource-variable/archivo/files");
  const plex = path.join(modules, "@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-400-normal.woff2");
  const axes = { wght: { min: 400, max: 800 }, wdth: { min: 62, max: 112 } };
  const latin = fs.readFileSync(path.join(archivo, "archivo-latin-standard-normal.woff2"));
  const options = { targetFormat: "woff2", variationAxes: axes };
  fs.writeFileSync(path.join(fonts, "archivo.woff2"), await subsetFont(latin, LATIN, options));
  fs.copyFileSync(
    path.join(archivo, "archivo-latin-ext-standard-normal.woff2"),
    path.join(fonts, "archivo-ext.woff2"),
  );
  fs.copyFileSync(plex, path.join(fonts, "plex.woff2"));
}

function entries() {
  const found = [["critical", "styles/critical.css"], ["common", "styles/common.css"], ["app", "styles/app.css"], ["charts", "styles/charts.css"], ["fonts", "styles/fonts.css"], ["main", "src/main.ts"], ["boot", "src/boot.ts"]];
  for (const [folder, kind] of [["src/pages", ".ts"], ["styles/pages", ".css"]]) {
    const whole = path.join(here, folder);
    if (!fs.existsSync(whole)) continue;
    for (const name of fs.readdirSync(whole).filter((each) => each.endsWith(kind)).sort()) {
      // A page may have a script and a sheet of one name.
      found.push([`page-${path.basename(name, kind)}`, `${folder}/${name}`]);
    }
  }
  return found.map(([name, file]) => ({ in: path.join(here, file), out: name }));
}

async function bundle() {
  const result = await esbuild.build({
    entryPoints: entries(),
    outdir: out,
    absWorkingDir: here,
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    metafile: true,
    target: ["chrome111", "firefox115", "safari16.4"],
    // Colours are declared twice on purpose (tokens.css); the bundler must not rewrite them.
    supported: { "color-functions": true, nesting: true, "inline-style": true },
    loader: { ".woff2": "file" },
    entryNames: "[name]-[hash]",
    chunkNames: "part-[hash]",
    assetNames: "[name]-[hash]",
    legalComments: "none",
    logLevel: "warning",
  });
  const files = {};
  for (const [name, info] of Object.entries(result.metafile.outputs)) {
    const base = path.basename(name);
    const ending = path.extname(base);
    if (info.entryPoint || ending === ".woff2") files[base.replace(/-[A-Z0-9]{8}(?=\.)/, "")] = base;
  }
  return { files, inputs: Object.keys(result.metafile.inputs) };
}

function icons() {
  const names = fs.readFileSync(path.join(here, "icons.txt"), "utf8").split(/\s+/).filter(Boolean);
  const shapes = {};
  for (const name of names) {
    const file = path.join(modules, "lucide-static/icons", `${name}.svg`);
    const svg = fs.readFileSync(file, "utf8");
    shapes[name] = svg.replace(/^[\s\S]*?<svg[\s\S]*?>/, "").replace("</svg>", "").replace(/\n\s*/g, "").trim();
  }
  const symbols = Object.entries(shapes).map(
    ([name, shape]) => `<symbol id="${name}" viewBox="0 0 24 24">${shape}</symbol>`,
  );
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
  const hash = createHash("sha256").update(sprite).digest("hex").slice(0, 8).toUpperCase();
  fs.writeFileSync(path.join(out, `icons-${hash}.svg`), sprite);
  return { file: `icons-${hash}.svg`, shapes };
}

// The icon of the site: the brand of `ui.brand()` on paper, as SVG and, for phones, as PNG.
const INK = [27, 25, 21];
const PAPER = [245, 244, 242];
const STICKER = [249, 209, 41];
const SHAPES = `<path fill="#1B1915" d="M0 0h13.4v20H0z"/><path fill="#F9D129" d="M2.6 3.2h7.6v2.4H2.6z"/><path fill="#1B1915" d="M14.4 0a10 10 0 0 1 0 20v-6.6a3.4 3.4 0 0 0 0-6.8z"/><path fill="#F9D129" d="M14.4 6.6a3.4 3.4 0 0 1 0 6.8z"/>`;
const MARGIN = 8;

// The colour of one point of the brand, in its own units; null beside it.
function colourAt(x, y) {
  if (x >= 2.6 && x < 10.2 && y >= 3.2 && y < 5.6) return STICKER;
  if (x >= 0 && x < 13.4 && y >= 0 && y < 20) return INK;
  const far = Math.hypot(x - 14.4, y - 10);
  if (x < 14.4 || far >= 10) return null;
  return far < 3.4 ? STICKER : INK;
}

function crc32(data) {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

function png(size) {
  const units = 24 + 2 * MARGIN;
  const fine = 4;
  const lines = Buffer.alloc(size * (1 + 3 * size));
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const sum = [0, 0, 0];
      for (let part = 0; part < fine * fine; part++) {
        const x = ((column + ((part % fine) + 0.5) / fine) / size) * units - MARGIN;
        const y = ((row + (Math.floor(part / fine) + 0.5) / fine) / size) * units - MARGIN - 2;
        (colourAt(x, y) ?? PAPER).forEach((value, at) => (sum[at] += value));
      }
      const start = row * (1 + 3 * size) + 1 + 3 * column;
      sum.forEach((value, at) => (lines[start + at] = Math.round(value / fine / fine)));
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", deflateSync(lines, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

function siteIcons(files) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -4 28 28"><rect x="-2" y="-4" width="28" height="28" rx="4" fill="#F5F4F2"/>${SHAPES}</svg>`;
  const made = { "icon.svg": Buffer.from(svg), "icon-180.png": png(180), "icon-192.png": png(192), "icon-512.png": png(512) };
  for (const [name, body] of Object.entries(made)) {
    const hash = createHash("sha256").update(body).digest("hex").slice(0, 8).toUpperCase();
    files[name] = name.replace(".", `-${hash}.`);
    fs.writeFileSync(path.join(out, files[name]), body);
  }
}

function licences(inputs) {
  const used = new Set(["lucide-static", "@fontsource-variable/archivo", "@fontsource/ibm-plex-mono"]);
  for (const input of inputs) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input);
    if (match) used.add(match[1]);
  }
  const parts = [...used].sort().map((name) => {
    const folder = path.join(modules, name);
    const about = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
    const file = fs.readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    if (!file) throw new Error(`${name} comes without a licence text`);
    return `${name} ${about.version} (${about.license})\n\n${fs.readFileSync(path.join(folder, file), "utf8").trim()}\n`;
  });
  fs.writeFileSync(path.join(out, "licences.txt"), parts.join(`\n${"-".repeat(72)}\n\n`));
}

function compress() {
  for (const name of fs.readdirSync(out)) {
    if (!/\.(js|css|svg|txt)$/.test(name)) continue;
    const file = path.join(out, name);
    const body = fs.readFileSync(file);
    fs.writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
    fs.writeFileSync(`${file}.br`, brotliCompressSync(body, { params }));
  }
}

fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });
await makeFonts();
const { files, inputs } = await bundle();
const { file, shapes } = icons();
files["icons.svg"] = file;
siteIcons(files);
licences(inputs);
compress();
const sorted = Object.fromEntries(Object.entries(files).sort());
fs.writeFileSync(path.join(out, "manifest.json"), JSON.stringify({ files: sorted, icons: shapes }, null, 1));
// Whole or not at all: a build that failed above leaves the last good one in place.
fs.rmSync(final, { recursive: true, force: true });
fs.renameSync(out, final);
