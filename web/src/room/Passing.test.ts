import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Passing } from './Passing';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setUp() {
  const send = vi.fn<(typing: boolean) => void>();
  const changed = vi.fn<(typing: readonly string[]) => void>();
  return { passing: new Passing({ send, changed }), send, changed };
}

it('ends by itself what a peer does not say again', () => {
  const { passing, changed } = setUp();
  passing.heard('p2', true);
  vi.advanceTimersByTime(5_000);
  passing.heard('p2', true);
  vi.advanceTimersByTime(5_000);
  expect(changed.mock.calls).toEqual([[['p2']]]);
  vi.advanceTimersByTime(1_000);
  expect(changed).toHaveBeenLastCalledWith([]);
});

it('says that one writes now and then, not with each letter', () => {
  const { passing, send } = setUp();
  for (let letter = 0; letter < 70; letter++) {
    passing.write(true);
    vi.advanceTimersByTime(100);
  }
  expect(send.mock.calls).toEqual([[true], [true], [true]]);
  passing.write(false);
  passing.write(false);
  expect(send.mock.calls.slice(3)).toEqual([[false]]);
});

it('says nothing of what was sent, and begins anew with the next', () => {
  const { passing, send } = setUp();
  passing.write(true);
  passing.sent();
  expect(send.mock.calls).toEqual([[true]]);
  passing.write(true);
  expect(send.mock.calls).toEqual([[true], [true]]);
});

it('leaves no timer behind', () => {
  const { passing } = setUp();
  passing.heard('p2', true);
  passing.write(true);
  passing.dispose();
  expect(vi.getTimerCount()).toBe(0);
});
