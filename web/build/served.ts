import { readFile, readdir, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

/** Fonts and pictures are compressed by their own kind. */
const texts = ['.css', '.html', '.js', '.json', '.svg', '.webmanifest'];

/**
 * Leaves beside each file what the server sends of it, compressed once, as far as it goes, and not anew for each visitor; and room.html,
 * which is index.html for a room's address: it asks for the room's script together with the page's, not after it.
 */
export function served(source: string): Plugin {
  return {
    name: 'turtus:served',
    apply: 'build',
    async writeBundle({ dir = '' }, bundle) {
      const page = await readFile(join(dir, 'index.html'), 'utf8');
      await writeFile(join(dir, 'room.html'), page.replace('  </head>', `${links(page, bundle, `${source}/room/RoomPage.tsx`)}  </head>`));
      const files = await readdir(dir, { recursive: true });
      await Promise.all(files.filter((name) => texts.includes(extname(name))).map((name) => compress(join(dir, name))));
    },
  };
}

/** What a module's chunk needs and the page does not ask for. */
function links(page: string, bundle: Rolldown.OutputBundle, module: string): string {
  const needed = new Set<string>();
  const walk = (name: string): void => {
    const chunk = bundle[name];
    if (chunk?.type !== 'chunk' || needed.has(name)) return;
    needed.add(name);
    for (const css of chunk.viteMetadata?.importedCss ?? []) needed.add(css);
    chunk.imports.forEach(walk);
  };
  walk(Object.values(bundle).find((chunk) => chunk.type === 'chunk' && chunk.facadeModuleId === module)?.fileName ?? '');
  return [...needed]
    .filter((name) => !page.includes(`"/${name}"`))
    .map((name) => (name.endsWith('.css') ? `    <link rel="stylesheet" crossorigin href="/${name}">\n` : `    <link rel="modulepreload" crossorigin href="/${name}">\n`))
    .join('');
}

async function compress(file: string): Promise<void> {
  const plain = await readFile(file);
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } }),
    promisify(gzip)(plain, { level: constants.Z_BEST_COMPRESSION }),
  ]);
  await Promise.all([[br, '.br'] as const, [gz, '.gz'] as const].filter(([packed]) => packed.length < plain.length).map(([packed, end]) => writeFile(file + end, packed)));
}
