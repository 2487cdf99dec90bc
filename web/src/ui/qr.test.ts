import { expect, it } from 'vitest';
import { correctionOf, qrCode, type Modules } from './qr';

/** Reads a code of error correction L as a scanner that sees it without a fault does. */
function read(modules: Modules): string {
  const size = modules.length;
  const version = (size - 17) / 4;
  const at = (x: number, y: number): boolean => modules[y]?.[x] ?? false;
  let format = 0;
  for (let i = 0; i < 8; i++) format |= Number(at(size - 1 - i, 8)) << i;
  for (let i = 8; i < 15; i++) format |= Number(at(8, size - 15 + i)) << i;
  format ^= 0x5412;
  expect(format >>> 13, 'error correction L').toBe(1);
  const mask = (format >>> 10) & 7;
  const masked = (x: number, y: number): boolean => {
    const product = x * y;
    return [(x + y) % 2, y % 2, x % 3, (x + y) % 3, (Math.floor(x / 3) + Math.floor(y / 2)) % 2, (product % 2) + (product % 3), ((product % 2) + (product % 3)) % 2, (((x + y) % 2) + (product % 3)) % 2][mask] === 0;
  };
  const own = (x: number, y: number): boolean =>
    x === 6 || y === 6 || (x < 9 && y < 9) || (x >= size - 8 && y < 9) || (x < 9 && y >= size - 8) || (version > 1 && Math.abs(x - (size - 7)) <= 2 && Math.abs(y - (size - 7)) <= 2);
  const bits: number[] = [];
  let upwards = true;
  for (const right of Array.from({ length: (size - 1) / 2 }, (_, i) => size - 1 - 2 * i).map((x) => (x <= 6 ? x - 1 : x))) {
    for (let step = 0; step < size; step++) {
      const y = upwards ? size - 1 - step : step;
      for (const x of [right, right - 1]) if (!own(x, y)) bits.push(Number(at(x, y) !== masked(x, y)));
    }
    upwards = !upwards;
  }
  const bytes = Array.from({ length: Math.floor(bits.length / 8) }, (_, i) => bits.slice(8 * i, 8 * i + 8).reduce((byte, bit) => 2 * byte + bit, 0));
  const [data, correction] = [[19, 34, 55, 80, 108][version - 1] ?? 0, [7, 10, 15, 20, 26][version - 1] ?? 0];
  expect(bytes.slice(data, data + correction)).toEqual(correctionOf(bytes.slice(0, data), correction));
  expect((bytes[0] ?? 0) >>> 4, 'bytes').toBe(4);
  const nibbles = bytes.flatMap((byte) => [byte >>> 4, byte & 15]);
  const length = 16 * (nibbles[1] ?? 0) + (nibbles[2] ?? 0);
  return new TextDecoder().decode(new Uint8Array(Array.from({ length }, (_, i) => 16 * (nibbles[3 + 2 * i] ?? 0) + (nibbles[4 + 2 * i] ?? 0))));
}

it('holds what it was made of, in each size', () => {
  for (const length of [1, 17, 18, 32, 33, 53, 54, 78, 79, 106]) {
    const text = 'https://turtus.example/link#code=ABCD-EFGH'.repeat(3).slice(0, length);
    const modules = qrCode(text);
    expect(modules && read(modules), `${length} characters`).toBe(text);
  }
  const fish = qrCode('https://亀.example/');
  expect(fish && read(fish)).toBe('https://亀.example/');
});

it('is none of what is too long', () => {
  expect(qrCode('x'.repeat(107))).toBeNull();
});

it('corrects by the polynomial of the standard', () => {
  // ISO/IEC 18004, annex I: "01234567" as a code of version 1-M.
  expect(correctionOf([0x10, 0x20, 0x0c, 0x56, 0x61, 0x80, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11], 10)).toEqual([0xa5, 0x24, 0xd4, 0xc1, 0xed, 0x36, 0xc7, 0x87, 0x2c, 0x55]);
});
