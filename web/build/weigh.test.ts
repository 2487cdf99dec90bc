import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { weigh } from './weigh.mjs';

const dist = mkdtempSync(join(tmpdir(), 'turtus-weigh-'));
afterEach(() => rmSync(dist, { recursive: true, force: true }));

const noise = (bytes: number): string => `"${randomBytes(bytes / 2).toString('hex')}"`;

it('counts what the page and the room import, each once, and not what comes later', () => {
  mkdirSync(join(dist, 'assets'), { recursive: true });
  const write = (name: string, script: string): void => writeFileSync(join(dist, name), script);
  write('index.html', '<script type="module" crossorigin src="/assets/runtime-g.js"></script><script type="module" crossorigin src="/assets/index-a.js"></script>');
  write('assets/runtime-g.js', 'export const r=1');
  write('assets/index-a.js', 'import{n as t,r}from"./page-b.js";import"./side-c.js";const later=()=>import("./settings-d.js");t(r,later)');
  write('assets/page-b.js', `export const n=${noise(10_000)},r=1`);
  write('assets/side-c.js', noise(1_000));
  write('assets/settings-d.js', noise(100_000));
  write('assets/RoomPage-e.js', 'import{n as t}from"./page-b.js";export{t as RoomPage}from"./room-f.js";t()');
  write('assets/room-f.js', `export const t=${noise(20_000)}`);
  const { files, gzip, brotli, raw } = weigh(dist);
  expect(files.sort()).toEqual(['RoomPage-e.js', 'index-a.js', 'page-b.js', 'room-f.js', 'runtime-g.js', 'side-c.js']);
  expect(raw).toBeGreaterThan(31_000);
  // Two digits of noise are a byte.
  expect(gzip).toBeGreaterThan(15_500);
  expect(gzip).toBeLessThan(raw);
  expect(brotli).toBeGreaterThan(15_500);
});

it('says when there is no built page', () => {
  mkdirSync(join(dist, 'assets'), { recursive: true });
  writeFileSync(join(dist, 'index.html'), '<script type="module" src="/src/main.tsx"></script>');
  expect(() => weigh(dist)).toThrow('make build');
});
