import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acceleration, Gestures, type Place, type TouchMode } from './Gestures';

let said: string[];
let mode: TouchMode;
let fingers: Gestures;

const at = (place?: Place): string => (place ? ` ${place.x},${place.y}` : '');
const wait = (time: number): void => void vi.advanceTimersByTime(time);
const take = (): string[] => said.splice(0);
const tap = (x: number, y: number, id = 1): void => {
  fingers.down(id, { x, y });
  wait(50);
  fingers.up(id);
};
/** A finger's way in steps, as a screen tells it. */
const drag = (id: number, from: Place, to: Place, steps = 4): void => {
  for (let i = 1; i <= steps; i++) {
    wait(16);
    fingers.move(id, { x: from.x + ((to.x - from.x) * i) / steps, y: from.y + ((to.y - from.y) * i) / steps });
  }
};
const sum = (lines: string[], word: string): [number, number] =>
  lines
    .filter((line) => line.startsWith(word))
    .map((line) => line.split(' ')[1]?.split(',').map(Number) ?? [0, 0])
    .reduce<[number, number]>(([x, y], [dx = 0, dy = 0]) => [x + dx, y + dy], [0, 0]);
/** Each press has its lift. */
const pressed = (lines: string[]): number => lines.filter((line) => line.startsWith('press')).length - lines.filter((line) => line.startsWith('lift')).length;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  mode = 'touch';
  fingers = new Gestures(
    {
      tapped: () => said.push('tapped'),
      press: (button, place) => said.push(`press ${button}${at(place)}`),
      lift: (button, place) => said.push(`lift ${button}${at(place)}`),
      drag: (place) => said.push(`drag${at(place)}`),
      point: (dx, dy) => said.push(`point ${dx},${dy}`),
      scroll: (dx, dy, place) => said.push(`scroll ${dx},${dy}${at(place)}`),
      zoom: (factor, centre, dx, dy) => said.push(`zoom ${dx},${dy} ${factor.toFixed(2)}${at(centre)}`),
      toggleZoom: (place) => said.push(`toggle${at(place)}`),
      held: (place) => said.push(place ? `held${at(place)}` : 'held no more'),
    },
    () => mode,
    () => Date.now(),
  );
});
afterEach(() => vi.useRealTimers());

describe('touch', () => {
  it('clicks where it taps', () => {
    tap(5, 6);
    expect(said).toEqual(['press 1 5,6', 'lift 1 5,6']);
  });

  it('clicks twice at the same point for a double tap, though a finger never hits it twice', () => {
    tap(5, 6);
    wait(100);
    tap(12, 2);
    expect(take()).toEqual(['press 1 5,6', 'lift 1 5,6', 'press 1 5,6', 'lift 1 5,6']);
    wait(400);
    tap(12, 2);
    expect(said).toEqual(['press 1 12,2', 'lift 1 12,2']);
  });

  it('takes two taps far from each other for two', () => {
    tap(5, 6);
    tap(100, 6);
    expect(said.at(-1)).toBe('lift 1 100,6');
  });

  it('opens the menu when a long press ends', () => {
    fingers.down(1, { x: 5, y: 6 });
    wait(600);
    expect(take()).toEqual(['held 5,6']);
    fingers.up(1);
    expect(said).toEqual(['held no more', 'press 3 5,6', 'lift 3 5,6']);
  });

  it('drags what a long press took', () => {
    fingers.down(1, { x: 5, y: 6 });
    wait(600);
    fingers.move(1, { x: 8, y: 6 });
    expect(take()).toEqual(['held 5,6']);
    fingers.move(1, { x: 30, y: 6 });
    fingers.move(1, { x: 50, y: 9 });
    fingers.up(1);
    expect(said).toEqual(['held no more', 'press 1 5,6', 'drag 30,6', 'drag 50,9', 'lift 1 50,9']);
  });

  it('scrolls what is under the finger with one', () => {
    fingers.down(1, { x: 50, y: 200 });
    drag(1, { x: 50, y: 200 }, { x: 50, y: 100 }, 10);
    fingers.up(1);
    expect(said.every((line) => line.startsWith('scroll') && line.endsWith(' 50,200'))).toBe(true);
    const [dx, dy] = sum(said, 'scroll');
    expect(dx).toBe(0);
    // All but the first of the way, which decides.
    expect(dy).toBeLessThanOrEqual(-80);
    expect(dy).toBeGreaterThanOrEqual(-100);
  });

  it('zooms and pans with two', () => {
    fingers.down(1, { x: 100, y: 100 });
    fingers.down(2, { x: 200, y: 100 });
    fingers.move(2, { x: 220, y: 100 });
    fingers.move(2, { x: 260, y: 100 });
    fingers.up(1);
    fingers.move(2, { x: 300, y: 300 });
    fingers.up(2);
    expect(said).toEqual(['zoom 20,0 1.33 180,100']);
  });

  it('pans with two that stay as far from each other', () => {
    fingers.down(1, { x: 100, y: 100 });
    fingers.down(2, { x: 200, y: 100 });
    for (let i = 1; i <= 10; i++) {
      fingers.move(1, { x: 100, y: 100 + i * 4 });
      fingers.move(2, { x: 200, y: 100 + i * 4 });
    }
    expect(said.length).toBeGreaterThan(4);
    const factors = said.map((line) => Number(line.split(' ')[2]));
    expect(factors.reduce((product, factor) => product * factor, 1)).toBeCloseTo(1, 1);
  });

  it('makes nothing of two that tap', () => {
    fingers.down(1, { x: 100, y: 100 });
    fingers.down(2, { x: 200, y: 100 });
    fingers.up(1);
    fingers.up(2);
    wait(1_000);
    expect(said).toEqual([]);
  });
});

describe('trackpad', () => {
  beforeEach(() => void (mode = 'trackpad'));

  it('moves the pointer, farther the faster', () => {
    fingers.down(1, { x: 100, y: 100 });
    fingers.move(1, { x: 120, y: 100 });
    wait(100);
    fingers.move(1, { x: 140, y: 100 });
    wait(10);
    fingers.move(1, { x: 160, y: 100 });
    fingers.up(1);
    wait(1_000);
    expect(said).toEqual([`point ${20 * acceleration(0.2)},0`, `point ${20 * acceleration(2)},0`]);
    expect(acceleration(0.2)).toBeLessThan(1);
    expect(acceleration(50)).toBe(1.8);
  });

  it('clicks by a tap, wherever the finger is', () => {
    tap(7, 7);
    wait(1_000);
    expect(said).toEqual(['press 1', 'lift 1']);
  });

  it('clicks twice by two taps', () => {
    tap(7, 7);
    wait(60);
    tap(9, 9);
    wait(1_000);
    expect(said).toEqual(['press 1', 'lift 1', 'press 1', 'lift 1']);
  });

  it('drags by a tap and a finger that comes again, without a click before', () => {
    tap(7, 7);
    wait(60);
    fingers.down(1, { x: 7, y: 7 });
    drag(1, { x: 7, y: 7 }, { x: 107, y: 7 });
    wait(2_000);
    expect(pressed(said)).toBe(1);
    fingers.up(1);
    expect([said[0], said.at(-1)]).toEqual(['press 1', 'lift 1']);
    expect(said.slice(1, -1).every((line) => line.startsWith('point'))).toBe(true);
    expect(said.length).toBeGreaterThan(4);
  });

  it('right-clicks by a tap of two fingers', () => {
    fingers.down(1, { x: 100, y: 100 });
    wait(20);
    fingers.down(2, { x: 200, y: 100 });
    wait(80);
    fingers.up(1);
    wait(20);
    fingers.up(2);
    expect(said).toEqual(['press 3', 'lift 3']);
  });

  it('right-clicks by none that rested there', () => {
    fingers.down(1, { x: 100, y: 100 });
    fingers.down(2, { x: 200, y: 100 });
    wait(900);
    fingers.up(1);
    fingers.up(2);
    expect(said).toEqual([]);
  });

  it('scrolls with two fingers, by where both go', () => {
    fingers.down(1, { x: 100, y: 200 });
    fingers.down(2, { x: 200, y: 200 });
    for (let i = 1; i <= 20; i++) {
      fingers.move(1, { x: 100, y: 200 - i * 5 });
      fingers.move(2, { x: 200, y: 200 - i * 5 });
    }
    fingers.up(1);
    fingers.up(2);
    expect(said.every((line) => line.startsWith('scroll'))).toBe(true);
    const [, dy] = sum(said, 'scroll');
    expect(dy).toBeLessThanOrEqual(-80);
    expect(dy).toBeGreaterThanOrEqual(-100);
  });

  it('zooms with two that part', () => {
    fingers.down(1, { x: 100, y: 200 });
    fingers.down(2, { x: 200, y: 200 });
    for (let i = 1; i <= 10; i++) fingers.move(2, { x: 200 + i * 10, y: 200 });
    expect(said.every((line) => line.startsWith('zoom'))).toBe(true);
    expect(said.length).toBeGreaterThan(6);
  });

  it('takes a finger that rested for the start of a move', () => {
    fingers.down(1, { x: 100, y: 100 });
    wait(2_000);
    fingers.up(1);
    expect(said).toEqual([]);
  });
});

describe('watching', () => {
  beforeEach(() => void (mode = 'watch'));

  it('tells of a tap once it can be no double tap', () => {
    tap(5, 5);
    expect(said).toEqual([]);
    wait(400);
    expect(said).toEqual(['tapped']);
  });

  it('toggles the larger picture by a double tap, which is no tap', () => {
    tap(5, 5);
    wait(100);
    tap(8, 8);
    wait(1_000);
    expect(said).toEqual(['toggle 8,8']);
  });

  it('pans with one finger and zooms with two, and touches no button', () => {
    fingers.down(1, { x: 5, y: 5 });
    drag(1, { x: 5, y: 5 }, { x: 65, y: 5 });
    fingers.down(2, { x: 165, y: 5 });
    drag(2, { x: 165, y: 5 }, { x: 265, y: 5 });
    fingers.up(1);
    fingers.up(2);
    wait(1_000);
    expect(said.every((line) => line.startsWith('zoom'))).toBe(true);
    expect(said[0]).toMatch(/ 1\.00 /);
    expect(said.at(-1)).not.toMatch(/ 1\.00 /);
  });
});

describe('what ends a gesture', () => {
  const from = { x: 5, y: 5 };
  const press = (): void => {
    fingers.down(1, from);
    wait(600);
  };
  const dragFrom = (): void => {
    fingers.down(1, from);
    drag(1, from, { x: 5, y: 90 });
  };
  const begun: [string, TouchMode, (() => void)[]][] = [
    ['a long press', 'touch', [press]],
    ['a drag', 'touch', [press, () => fingers.move(1, { x: 90, y: 5 })]],
    ['a scroll', 'touch', [dragFrom]],
    ['a drag of the trackpad', 'trackpad', [() => tap(5, 5), dragFrom]],
    ['a finger that is about to drag', 'trackpad', [() => tap(5, 5), () => fingers.down(1, from)]],
    ['a tap of the trackpad', 'trackpad', [() => tap(5, 5)]],
    ['a finger that is about to tap', 'touch', [() => fingers.down(1, from)]],
  ];
  const ends: [string, () => void][] = [
    ['a cancelled touch', () => fingers.cancel(1)],
    ['a third finger', () => [1, 2, 3].forEach((id) => fingers.down(id, { x: id * 50, y: 5 }))],
    ['a page that is left', () => fingers.abort()],
  ];
  it.each(begun.flatMap(([what, by, begin]) => ends.map(([how, end]) => [how, what, by, begin, end] as const)))('%s leaves no button pressed after %s', (_how, _what, by, begin, end) => {
    mode = by;
    for (const step of begin) step();
    end();
    for (const id of [1, 2, 3]) fingers.up(id);
    wait(2_000);
    expect(pressed(said), said.join(', ')).toBe(0);
    expect(said.filter((line) => line.startsWith('held')).length % 2).toBe(0);
    // And what comes next is what it is.
    take();
    wait(2_000);
    tap(7, 7);
    wait(2_000);
    expect(said.filter((line) => /^(press|lift)/.test(line)).length).toBe(2);
  });

  it('does nothing more with fingers that a third one joined, until all are gone', () => {
    for (const id of [1, 2, 3]) fingers.down(id, { x: id * 50, y: 5 });
    drag(1, { x: 50, y: 5 }, { x: 50, y: 95 });
    for (const id of [3, 2, 1]) fingers.up(id);
    expect(said).toEqual([]);
    tap(7, 7);
    expect(said).toEqual(['press 1 7,7', 'lift 1 7,7']);
  });

  it.each(begun)('says nothing after control is lost during %s: the agent has released all', (_what, by, begin) => {
    mode = by;
    for (const step of begin) step();
    take();
    fingers.forget();
    mode = 'watch';
    fingers.move(1, { x: 200, y: 200 });
    fingers.up(1);
    wait(2_000);
    expect(said.filter((line) => line !== 'held no more')).toEqual([]);
  });

  it('takes a finger whose end was never told for a new one', () => {
    fingers.down(1, { x: 5, y: 5 });
    wait(600);
    fingers.move(1, { x: 90, y: 5 });
    fingers.down(1, { x: 7, y: 7 });
    fingers.up(1);
    expect(pressed(said)).toBe(0);
  });
});
