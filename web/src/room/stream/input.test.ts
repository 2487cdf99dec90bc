import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clipboardFrame, copyFrame, encodeInput, maxClipboard, type Input } from './input';

interface Vector {
  name: string;
  hex: string;
  input: { op: number; copy?: boolean; number?: number; epoch: number; x?: number; y?: number; sequence?: number; button?: number; down?: boolean; dx?: number; dy?: number; keysym?: number; text?: string };
}

// The same vectors are read by the agent's tests (services/wire/input_test.go).
const vectors = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../../../services/wire/testdata/input.json'), 'utf8')) as Vector[];

function asInput({ op, x = 0, y = 0, sequence = 0, button = 0, down = false, dx = 0, dy = 0, keysym = 0 }: Vector['input']): Input {
  switch (op) {
    case 1:
      return { op: 'move', x, y, sequence };
    case 2:
      return { op: 'button', button, down, x, y };
    case 3:
      return { op: 'wheel', dx, dy, x, y };
    case 4:
      return { op: 'key', keysym, down };
    case 5:
      return { op: 'release' };
    default:
      throw new Error(`opcode ${op}`);
  }
}

describe('input frames match the shared vectors', () => {
  it('reads vectors at all', () => expect(vectors.length).toBeGreaterThan(0));
  it.each(vectors)('$name', ({ hex, input }) => {
    const itself = input.op === 6 ? clipboardFrame(input.epoch, input.text ?? '') : encodeInput(asInput(input), input.epoch);
    const frame = itself && input.copy ? copyFrame(itself, input.number ?? 0) : itself;
    expect(frame && Buffer.from(frame).toString('hex')).toBe(hex);
  });
});

it('makes no frame of a clipboard that the agent would refuse', () => {
  expect(clipboardFrame(1, 'ü'.repeat(maxClipboard / 2))?.byteLength).toBe(5 + maxClipboard);
  expect(clipboardFrame(1, `${'ü'.repeat(maxClipboard / 2)}a`)).toBeNull();
});
