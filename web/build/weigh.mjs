// Weighs what a room's page waits for: the script of the built page (web/dist) and of the room, with all that they import.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** Bytes by gzip, for the room's first load. What comes above it belongs behind later() in src/ui/later.ts. */
export const budget = 250_000;

/**
 * @param {string} dist the folder of the built page
 * @returns {{ files: string[], raw: number, gzip: number, brotli: number }}
 */
export function weigh(dist) {
  const assets = join(dist, 'assets');
  const entries = [...readFileSync(join(dist, 'index.html'), 'utf8').matchAll(/<script type="module"[^>]* src="\/assets\/([^"]+)"/g)].map(([, name]) => name);
  const room = readdirSync(assets).find((name) => /^RoomPage-[\w-]+\.js$/.test(name));
  if (entries.length === 0 || room === undefined) throw new Error(`${dist} is no built page: run make build`);
  const read = new Map();
  const walk = (name) => {
    if (read.has(name)) return;
    const script = readFileSync(join(assets, name));
    read.set(name, script);
    for (const [, next] of script.toString().matchAll(/(?:^|[;}\s])(?:import|export)(?:[^"'()]*?from)?\s*["']\.\/([^"']+\.js)["']/g)) walk(next);
  };
  entries.forEach(walk);
  walk(room);
  const scripts = [...read.values()];
  const sum = (size) => scripts.reduce((all, script) => all + size(script), 0);
  return { files: [...read.keys()], raw: sum((script) => script.length), gzip: sum((script) => gzipSync(script, { level: 9 }).length), brotli: sum((script) => brotliCompressSync(script).length) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { files, raw, gzip, brotli } = weigh(fileURLToPath(new URL('../dist', import.meta.url)));
  const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  console.log(`The room's first load: ${kB(gzip)} by gzip, ${kB(brotli)} by brotli, ${kB(raw)} of script in ${files.length} files; ${kB(budget)} may be.`);
  if (gzip > budget) {
    console.error('That is too much. Import lazily what is not needed at first sight (later() in src/ui/later.ts): dialogs, menus, panels, pickers.');
    process.exit(1);
  }
}
