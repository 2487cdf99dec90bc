/**
 * QR codes (ISO/IEC 18004) of short texts: byte mode, error correction L, versions 1 to 5, which have one block each. That is 106 bytes, enough for
 * an address of this server.
 */

/** True is a dark module; rows from the top. */
export type Modules = readonly (readonly boolean[])[];

/** Codewords of data and of error correction, by version. */
const versions = [
  { data: 19, correction: 7 },
  { data: 34, correction: 10 },
  { data: 55, correction: 15 },
  { data: 80, correction: 20 },
  { data: 108, correction: 26 },
] as const;

/** The code of a text, or null where it is too long. */
export function qrCode(text: string): Modules | null {
  const bytes = [...new TextEncoder().encode(text)];
  const index = versions.findIndex(({ data }) => bytes.length + 2 <= data);
  const found = versions[index];
  if (!found) return null;
  const data = codewords(bytes, found.data);
  const bits = [...data, ...correctionOf(data, found.correction)].flatMap((byte) => bitsOf(byte, 8));
  const candidates = Array.from({ length: 8 }, (_, mask) => draw(index + 1, bits, mask));
  return candidates.reduce((best, one) => (penalty(one) < penalty(best) ? one : best));
}

const bitsOf = (value: number, count: number): boolean[] => Array.from({ length: count }, (_, i) => ((value >>> (count - 1 - i)) & 1) === 1);

/** Mode 4 (bytes), the length, the bytes, a terminator, and padding. */
function codewords(bytes: readonly number[], length: number): number[] {
  const nibbles = [4, bytes.length >>> 4, bytes.length & 15, ...bytes.flatMap((byte) => [byte >>> 4, byte & 15]), 0];
  const data = Array.from({ length: nibbles.length / 2 }, (_, i) => ((nibbles[2 * i] ?? 0) << 4) | (nibbles[2 * i + 1] ?? 0));
  for (let pad = 0xec; data.length < length; pad ^= 0xec ^ 0x11) data.push(pad);
  return data;
}

/** Of GF(256) by x^8 + x^4 + x^3 + x^2 + 1. */
function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d);
    if ((b >>> bit) & 1) product ^= a;
  }
  return product;
}

/** Reed-Solomon: the remainder of the data by the product of (x - 2^i). */
export function correctionOf(data: readonly number[], count: number): number[] {
  let divisor = [1];
  for (let i = 0, root = 1; i < count; i++, root = times(root, 2)) {
    divisor = [...divisor, 0].map((value, at) => value ^ times(at > 0 ? (divisor[at - 1] ?? 0) : 0, root));
  }
  let rest: number[] = Array.from({ length: count }, () => 0);
  for (const byte of data) {
    const factor = byte ^ (rest[0] ?? 0);
    rest = [...rest.slice(1), 0].map((value, at) => value ^ times(divisor[at + 1] ?? 0, factor));
  }
  return rest;
}

const masks: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

function draw(version: number, bits: readonly boolean[], mask: number): boolean[][] {
  const size = 17 + 4 * version;
  const dark = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  const fixed = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  const set = (x: number, y: number, value: boolean): void => {
    const [row, kept] = [dark[y], fixed[y]];
    if (!row || !kept || x < 0 || x >= size) return;
    row[x] = value;
    kept[x] = true;
  };
  for (let i = 0; i < size; i++) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }
  const square = (cx: number, cy: number, reach: number): void => {
    for (let dy = -reach; dy <= reach; dy++) for (let dx = -reach; dx <= reach; dx++) set(cx + dx, cy + dy, ![2, 4].includes(Math.max(Math.abs(dx), Math.abs(dy))));
  };
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]] as const) square(x, y, 4);
  if (version > 1) {
    const at = size - 7;
    for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) set(at + dx, at + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
  }
  writeFormat(size, mask, set);

  let next = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5; // the timing pattern has a column of its own
    const upwards = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step++) {
      const y = upwards ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        const row = dark[y];
        if (!row || fixed[y]?.[x]) continue;
        row[x] = (bits[next++] ?? false) !== (masks[mask]?.(x, y) ?? false);
      }
    }
  }
  return dark;
}

/** Error correction L and the mask, twice, with a BCH code of their own. */
function writeFormat(size: number, mask: number, set: (x: number, y: number, value: boolean) => void): void {
  const data = (1 << 3) | mask;
  let rest = data;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >>> 9) * 0x537);
  const bits = ((data << 10) | rest) ^ 0x5412;
  const bit = (i: number): boolean => ((bits >>> i) & 1) === 1;
  for (let i = 0; i <= 5; i++) set(8, i, bit(i));
  set(8, 7, bit(6));
  set(8, 8, bit(7));
  set(7, 8, bit(8));
  for (let i = 9; i < 15; i++) set(14 - i, 8, bit(i));
  for (let i = 0; i < 8; i++) set(size - 1 - i, 8, bit(i));
  for (let i = 8; i < 15; i++) set(8, size - 15 + i, bit(i));
  set(8, size - 8, true);
}

/** How hard it is to read: long runs, blocks, what looks like a finder, and too much of one colour. */
function penalty(modules: Modules): number {
  const size = modules.length;
  const columns = modules.map((_, x) => modules.map((row) => row[x] ?? false));
  let sum = 0;
  for (const line of [...modules, ...columns]) {
    const text = line.map((dark) => (dark ? '1' : '0')).join('');
    for (const run of text.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
    for (const finder of ['10111010000', '00001011101']) for (let at = text.indexOf(finder); at >= 0; at = text.indexOf(finder, at + 1)) sum += 40;
  }
  let dark = 0;
  modules.forEach((row, y) =>
    row.forEach((value, x) => {
      if (value) dark++;
      if (x > 0 && y > 0 && row[x - 1] === value && modules[y - 1]?.[x] === value && modules[y - 1]?.[x - 1] === value) sum += 3;
    }),
  );
  return sum + Math.floor(Math.abs((dark * 20) / (size * size) - 10)) * 10;
}
