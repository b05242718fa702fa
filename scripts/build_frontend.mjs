// Copies the few files the desk needs out of node_modules - its pages name these files themselves - and builds the phone
// app (linli/field/app) into linli/field/static/field.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const target = join(root, 'linli', 'desk', 'static', 'vendor');
const draft = `${target}.new`;

// Source maps are not shipped, and hashed file names are made by following references: drop those that lead nowhere.
const withoutMap = (text) =>
  text.replace(/\/\*#\s*sourceMappingURL=[^*]*\*\//g, '').replace(/\/\/#\s*sourceMappingURL=.*$/gm, '');

// Every browser in use reads woff2; the other two formats would be 6 MB for nothing.
const woff2Only = (text) =>
  text.replace(/src:\s*url\([^;}]*/g, (source) => {
    const font = source.match(/url\(["']?([^"')?]+\.woff2)[^)]*\)\s*format\(["']woff2["']\)/);
    if (!font) throw new Error(`no woff2 in: ${source.slice(0, 200)}`);
    return `src:url("${font[1]}") format("woff2")`;
  });

const files = [
  ['@tabler/core/dist/css/tabler.min.css', 'tabler.min.css', withoutMap],
  ['@tabler/core/dist/js/tabler.min.js', 'tabler.min.js', withoutMap],
  ['@tabler/icons-webfont/dist/tabler-icons.min.css', 'tabler-icons.min.css', (text) => woff2Only(withoutMap(text))],
  ['@tabler/icons-webfont/dist/fonts/tabler-icons.woff2', 'fonts/tabler-icons.woff2'],
  ['htmx.org/dist/htmx.min.js', 'htmx.min.js', withoutMap],
  ['echarts/dist/echarts.min.js', 'echarts.min.js', withoutMap],
  ['maplibre-gl/dist/maplibre-gl.mjs', 'maplibre-gl.mjs', withoutMap],
  ['maplibre-gl/dist/maplibre-gl-worker.mjs', 'maplibre-gl-worker.mjs', withoutMap],
  ['maplibre-gl/dist/maplibre-gl.css', 'maplibre-gl.css', withoutMap],
  ['terra-draw/dist/terra-draw.umd.js', 'terra-draw.umd.js', withoutMap],
  ['terra-draw-maplibre-gl-adapter/dist/terra-draw-maplibre-gl-adapter.umd.js', 'terra-draw-maplibre.umd.js', withoutMap],
];

async function replace(from, to) {
  await rm(to, { recursive: true, force: true });
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
}

await rm(draft, { recursive: true, force: true });
for (const [from, to, change] of files) {
  const path = join(draft, to);
  await mkdir(dirname(path), { recursive: true });
  const content = await readFile(join(modules, from));
  await writeFile(path, change ? change(content.toString('utf8')) : content);
}
await replace(draft, target);
console.log(`front end: ${files.length} files in ${target}`);

const app = join(root, 'linli', 'field', 'app');
const phone = join(root, 'linli', 'field', 'static', 'field');
const phoneDraft = `${phone}.new`;
const common = { configFile: join(app, 'vite.config.mts'), logLevel: 'warn' };
await rm(phoneDraft, { recursive: true, force: true });
await build({ ...common, build: { outDir: phoneDraft, emptyOutDir: true } });

// What the service worker keeps. Names with a hash never change their content; the others are told by it.
const shell = [];
for (const entry of await readdir(phoneDraft, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const name = relative(phoneDraft, path).split(sep).join('/');
  const revision = createHash('sha256').update(await readFile(path)).digest('hex').slice(0, 16);
  if (name.endsWith('.wasm')) continue; // large and rare: kept by the worker once it was used
  if (name === 'index.html') shell.push({ url: '/field/', revision });
  else shell.push({ url: `/static/field/${name}`, revision: name.startsWith('assets/') ? null : revision });
}
shell.sort((a, b) => (a.url < b.url ? -1 : 1));
await build({
  ...common,
  publicDir: false,
  define: { __SHELL__: JSON.stringify(shell), 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: phoneDraft,
    emptyOutDir: false,
    rollupOptions: { input: join(app, 'src', 'sw.ts'), output: { format: 'iife', entryFileNames: 'sw.js' } },
  },
});
await replace(phoneDraft, phone);
console.log(`phone app: ${shell.length} files in ${phone}`);
