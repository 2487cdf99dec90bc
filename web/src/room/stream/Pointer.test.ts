import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pointer } from './Pointer';
import { wheelUnits } from './Wheel';

let stage: HTMLDivElement;
let said: string[];
const clicked = vi.fn();

// jsdom has no PointerEvent of its own kind.
const pointer = (type: string, init: MouseEventInit & { pointerId?: number; pointerType?: string } = {}): boolean => {
  const event = new MouseEvent(type, { bubbles: true, cancelable: true, ...init });
  Object.assign(event, { pointerId: init.pointerId ?? 1, pointerType: init.pointerType ?? 'mouse' });
  return stage.dispatchEvent(event);
};

function start(isDriving = true): Pointer {
  const made = new Pointer({
    sender: {
      isDriving,
      move: (x, y) => said.push(`move ${x} ${y}`),
      button: (button, down, x, y) => said.push(`${button} ${down ? 'down' : 'up'} ${x} ${y}`),
      wheel: (dx, dy) => said.push(`wheel ${dx} ${dy}`),
    },
    content: () => ({ left: 0, top: 0, width: 65535, height: 65535 }),
    clicked,
    focus: () => undefined,
  });
  made.attach(stage);
  return made;
}

beforeEach(() => {
  vi.useFakeTimers();
  stage = document.createElement('div');
  document.body.replaceChildren(stage);
  said = [];
  clicked.mockReset();
});
afterEach(() => vi.useRealTimers());

describe('Pointer', () => {
  it('presses, drags beyond the edge and lets go', () => {
    start();
    pointer('pointerdown', { button: 0, clientX: 10, clientY: 20 });
    pointer('pointermove', { button: -1, clientX: -50, clientY: 30 });
    pointer('pointerup', { button: 0, clientX: -50, clientY: 30 });
    expect(said).toEqual(['1 down 10 20', 'move 0 30', '1 up 0 30']);
  });

  it('knows the second button of a chord, which comes as a move', () => {
    start();
    pointer('pointerdown', { button: 0, buttons: 1, clientX: 1, clientY: 1 });
    pointer('pointermove', { button: 2, buttons: 3, clientX: 1, clientY: 1 });
    pointer('pointermove', { button: 2, buttons: 1, clientX: 1, clientY: 1 });
    expect(said.filter((line) => !line.startsWith('move'))).toEqual(['1 down 1 1', '3 down 1 1', '3 up 1 1']);
  });

  it('sends back and forward, and keeps the page from going there', () => {
    start();
    pointer('pointerdown', { button: 3, clientX: 1, clientY: 1 });
    pointer('pointerup', { button: 3, clientX: 1, clientY: 1 });
    expect(said).toEqual(['8 down 1 1', '8 up 1 1']);
    expect(pointer('mouseup', { button: 3 })).toBe(false);
    expect(pointer('contextmenu')).toBe(false);
  });

  it('gathers the wheel until the next frame', () => {
    start();
    for (let i = 0; i < 3; i++) stage.dispatchEvent(new WheelEvent('wheel', { deltaY: 100, deltaX: -50, cancelable: true }));
    vi.advanceTimersByTime(20);
    expect(said).toEqual(['wheel -180 360']);
  });

  it('counts a wheel in 120ths of a notch, in whatever unit the browser speaks', () => {
    expect(wheelUnits(100, 0)).toBe(120);
    expect(wheelUnits(3, 1)).toBe(120);
    expect(wheelUnits(-1, 2)).toBe(-600);
  });

  it('leaves fingers to what is there for them', () => {
    start();
    const finger = { pointerType: 'touch', clientX: 5, clientY: 5 };
    for (const type of ['pointerdown', 'pointermove', 'pointerup']) pointer(type, finger);
    expect(said).toEqual([]);
  });

  it('leaves a button over the picture to the page', () => {
    start();
    const button = document.createElement('button');
    stage.append(button);
    const event = new MouseEvent('pointerdown', { bubbles: true, cancelable: true });
    button.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(false);
    expect(said).toEqual([]);
  });

  it('only tells of the click while the person does not drive', () => {
    start(false);
    pointer('pointerdown', { button: 0, clientX: 5, clientY: 5 });
    pointer('pointermove', { button: -1, clientX: 9, clientY: 9 });
    expect(said).toEqual([]);
    expect(clicked).toHaveBeenCalledOnce();
  });
});
