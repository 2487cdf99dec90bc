import { beforeEach, describe, expect, it } from 'vitest';
import { Zoom } from './Zoom';

let stage: { width: number; height: number };
let zoom: Zoom;
/** Where a place of the whole picture is on the stage now. */
const shown = (x: number, y: number): { x: number; y: number } => {
  const now = zoom.store.getState();
  return { x: now.x + x * now.scale, y: now.y + y * now.scale };
};

beforeEach(() => {
  stage = { width: 400, height: 225 };
  zoom = new Zoom(() => ({ stage, picture: { width: 1280, height: 720 } }));
});

describe('Zoom', () => {
  it('grows around the place between the fingers, which stays where it is', () => {
    zoom.by(2, { x: 100, y: 50 }, 0, 0);
    expect(zoom.store.getState().scale).toBe(2);
    expect(shown(100, 50)).toEqual({ x: 100, y: 50 });
    zoom.by(1.5, { x: 300, y: 150 }, 10, -5);
    expect(zoom.store.getState().scale).toBe(3);
  });

  it('is one to four times', () => {
    zoom.by(100, { x: 0, y: 0 }, 0, 0);
    expect(zoom.store.getState().scale).toBe(4);
    zoom.by(0.001, { x: 9, y: 9 }, 50, 50);
    expect(zoom.store.getState()).toEqual({ scale: 1, x: 0, y: 0 });
  });

  it('never shows what is beside the picture', () => {
    zoom.by(2, { x: 200, y: 100 }, 5_000, 5_000);
    expect(shown(0, 0)).toEqual({ x: 0, y: 0 });
    zoom.by(1, { x: 200, y: 100 }, -5_000, -5_000);
    expect(shown(400, 225)).toEqual({ x: 400, y: 225 });
  });

  it('does not move the whole picture', () => {
    zoom.by(1, { x: 200, y: 100 }, 50, 50);
    expect(zoom.store.getState()).toEqual({ scale: 1, x: 0, y: 0 });
  });

  it('keeps what is not yet as wide as the stage in the middle', () => {
    stage = { width: 800, height: 225 };
    zoom.by(1.5, { x: 10, y: 100 }, 0, 0);
    expect(shown(400, 0).x).toBe(400);
    zoom.by(2, { x: 10, y: 100 }, 5_000, 0);
    expect(shown(200, 0).x, 'the left edge of the picture').toBe(0);
  });

  it('is toggled by a place', () => {
    zoom.toggle({ x: 400, y: 0 });
    expect(zoom.store.getState().scale).toBe(2.5);
    expect(shown(400, 0)).toEqual({ x: 400, y: 0 });
    zoom.toggle({ x: 10, y: 10 });
    expect(zoom.store.getState().scale).toBe(1);
  });

  it('follows a pointer to the edge', () => {
    zoom.by(2, { x: 0, y: 0 }, 0, 0);
    zoom.reveal({ x: 390, y: 100 }, 40);
    expect(zoom.store.getState()).toEqual({ scale: 2, x: -30, y: 0 });
    zoom.reveal({ x: 200, y: 100 }, 40);
    expect(zoom.store.getState().x).toBe(-30);
  });

  it('stays in bounds when the stage becomes smaller', () => {
    zoom.by(4, { x: 400, y: 225 }, 0, 0);
    stage = { width: 200, height: 112.5 };
    zoom.resized();
    expect(shown(200, 112.5)).toEqual({ x: 200, y: 112.5 });
  });
});
