// Copies the few files the desk needs out of node_modules. Nothing is bundled: pages name these files themselves.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

await rm(draft, { recursive: true, force: true });
for (const [from, to, change] of files) {
  const path = join(draft, to);
  await mkdir(dirname(path), { recursive: true });
  const content = await readFile(join(modules, from));
  await writeFile(path, change ? change(content.toString('utf8')) : content);
}
await rm(target, { recursive: true, force: true });
await mkdir(dirname(target), { recursive: true });
await rename(draft, target);
console.log(`front end: ${files.length} files in ${target}`);
