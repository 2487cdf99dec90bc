import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fingers } from './Fingers';
import { Zoom } from './Zoom';

let stage: HTMLDivElement;
let said: string[];
let isDriving: boolean;
let by: 'touch' | 'trackpad';
let zoom: Zoom;
let fingers: Fingers;
const screen = { width: 65535, height: 65535 };

// jsdom has no PointerEvent of its own kind.
const touch = (type: string, x: number, y: number, pointerId = 1, target: Element = stage): boolean =>
  target.dispatchEvent(Object.assign(new MouseEvent(type, { bubbles: true, cancelable: true, clientX: x, clientY: y }), { pointerId, pointerType: 'touch' }));

beforeEach(() => {
  vi.useFakeTimers();
  stage = document.createElement('div');
  document.body.replaceChildren(stage);
  said = [];
  isDriving = true;
  by = 'touch';
  zoom = new Zoom(() => ({ stage: screen, picture: screen }));
  fingers = new Fingers({
    sender: {
      get isDriving() {
        return isDriving;
      },
      move: (x, y) => said.push(`move ${x} ${y}`),
      button: (button, down, x, y) => said.push(`${button} ${down ? 'down' : 'up'} ${x} ${y}`),
      wheel: (dx, dy, x, y) => said.push(`wheel ${dx} ${dy} ${x} ${y}`),
    },
    modifiers: { hold: () => said.push('hold'), drop: () => said.push('drop') },
    zoom,
    mode: () => by,
    content: () => ({ left: 0, top: 0, ...screen }),
    screen: () => screen,
    touched: () => undefined,
    tapped: () => said.push('tapped'),
    focus: () => undefined,
    pointed: ({ x, y }) => said.push(`pointed ${x} ${y}`),
    held: () => undefined,
  });
  fingers.attach(stage);
});
afterEach(() => vi.useRealTimers());

describe('Fingers', () => {
  it('clicks with the modifiers that are kept for it', () => {
    touch('pointerdown', 5, 6);
    touch('pointerup', 5, 6);
    expect(said).toEqual(['hold', '1 down 5 6', '1 up 5 6', 'drop']);
  });

  it('keeps the page under the finger: a notch is 138 pixels of the screen', () => {
    touch('pointerdown', 10, 500);
    touch('pointermove', 10, 480);
    touch('pointermove', 10, 480 - 138);
    vi.advanceTimersByTime(20);
    expect(said).toEqual(['wheel 0 120 10 500']);
  });

  it('moves the pointer from where it is, and clicks there', () => {
    by = 'trackpad';
    touch('pointerdown', 10, 10);
    touch('pointermove', 30, 10);
    vi.advanceTimersByTime(1_000);
    touch('pointermove', 130, 10);
    touch('pointerup', 130, 10);
    expect(said[0]).toMatch(/^move 328\d\d 32768$/);
    expect(said[1]).toBe(said[0]?.replace('move', 'pointed'));
    said = [];
    touch('pointerdown', 10, 10);
    touch('pointerup', 10, 10);
    vi.advanceTimersByTime(1_000);
    expect(said[1]).toMatch(/^1 down 328\d\d 32768$/);
  });

  it('begins with the trackpad where it touched last', () => {
    touch('pointerdown', 500, 600);
    touch('pointerup', 500, 600);
    expect(fingers.at).toEqual({ x: 500, y: 600 });
  });

  it('makes the picture larger around two fingers', () => {
    isDriving = false;
    touch('pointerdown', 1_000, 1_000, 1);
    touch('pointerdown', 2_000, 1_000, 2);
    touch('pointermove', 2_100, 1_000, 2);
    touch('pointermove', 3_200, 1_000, 2);
    expect(zoom.store.getState().scale).toBe(2);
    expect(said).toEqual([]);
  });

  it('lets go of what it dragged when the window is left, the touch cancelled or the capture lost', () => {
    for (const end of [() => window.dispatchEvent(new Event('blur')), () => touch('pointercancel', 0, 0), () => touch('lostpointercapture', 0, 0)]) {
      said = [];
      touch('pointerdown', 5, 6);
      vi.advanceTimersByTime(600);
      touch('pointermove', 105, 6);
      expect(said).toContain('1 down 5 6');
      end();
      expect(said.slice(-2)).toEqual(['1 up 105 6', 'drop']);
      touch('pointerup', 105, 6);
    }
  });

  it('leaves a button over the picture to the page, and what is beside the picture', () => {
    const button = document.createElement('button');
    stage.append(button);
    expect(touch('pointerdown', 5, 5, 1, button)).toBe(true);
    touch('pointerup', 5, 5, 1, button);
    touch('pointerdown', -5, 5);
    touch('pointerup', -5, 5);
    expect(said).toEqual([]);
  });

  it('only tells of a tap while the person does not drive', () => {
    isDriving = false;
    touch('pointerdown', 5, 5);
    touch('pointerup', 5, 5);
    vi.advanceTimersByTime(1_000);
    expect(said).toEqual(['tapped']);
  });
});
