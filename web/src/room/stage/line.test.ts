import { expect, it } from 'vitest';
import { line } from './line';

const box = { width: 59, height: 12 };

it('draws from the bottom to the largest, the newest at the right, with gaps for what is unknown', () => {
  expect(line([0, 10, null, 5], box)).toBe('M56.0 11.0L57.0 1.0M59.0 6.0');
});

it('draws nothing of nothing, and a flat line of zeros', () => {
  expect(line([], box)).toBe('');
  expect(line([0, 0], box)).toBe('M58.0 11.0L59.0 11.0');
});
