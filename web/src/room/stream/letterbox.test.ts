import { describe, expect, it } from 'vitest';
import { contentRect, fromScreen, inside, toScreen } from './letterbox';

const box = { left: 100, top: 50, width: 800, height: 800 };
const wide = contentRect(box, { width: 1600, height: 900 });

describe('the picture in its box', () => {
  it('stands in the middle with bars above and below', () => expect(wide).toEqual({ left: 100, top: 225, width: 800, height: 450 }));
  it('stands in the middle with bars at its sides', () => expect(contentRect({ ...box, height: 225 }, { width: 1600, height: 900 })).toEqual({ left: 300, top: 50, width: 400, height: 225 }));
  it('maps its corners to the ends of the range', () => {
    expect(toScreen(wide, 100, 225)).toEqual({ x: 0, y: 0 });
    expect(toScreen(wide, 900, 675)).toEqual({ x: 65535, y: 65535 });
    expect(toScreen(wide, 500, 450)).toEqual({ x: 32768, y: 32768 });
  });
  it('takes the nearest edge for a point outside, as a drag needs', () => expect(toScreen(wide, -500, 9000)).toEqual({ x: 0, y: 65535 }));
  it('finds the way back', () => expect(fromScreen(wide, { x: 65535, y: 0 })).toEqual({ left: 900, top: 225 }));
  it('tells inside from the bars', () => {
    expect(inside(wide, 500, 450)).toBe(true);
    expect(inside(wide, 500, 100)).toBe(false);
  });
});
