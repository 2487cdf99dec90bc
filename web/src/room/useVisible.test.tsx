import { act, render, screen } from '@testing-library/react';
import { useRef } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { useVisible } from './useVisible';

class Viewport extends EventTarget {
  height = 844;
  offsetTop = 0;
  scale = 1;
  change(to: Partial<Viewport>): void {
    Object.assign(this, to);
    act(() => void this.dispatchEvent(new Event('resize')));
  }
}

function Room({ touch = true }: { touch?: boolean }) {
  const room = useRef<HTMLDivElement>(null);
  const short = useVisible(room, touch);
  return <div ref={room} data-testid="room" data-short={short} />;
}

const enter = (touch = true): Viewport => {
  const view = new Viewport();
  vi.stubGlobal('innerHeight', 844);
  vi.stubGlobal('visualViewport', view);
  render(<Room touch={touch} />);
  return view;
};
const room = (): HTMLElement => screen.getByTestId('room');

afterEach(() => vi.unstubAllGlobals());

it('keeps the room above a keyboard that lies over the page, and gives it back', () => {
  const view = enter();
  expect(room().style.cssText).toBe('');
  view.change({ height: 480, offsetTop: 120 });
  expect(room().style.getPropertyValue('--visible')).toBe('480px');
  expect(room().style.getPropertyValue('--above')).toBe('120px');
  expect(room().dataset.short).toBe('true');
  view.change({ height: 844, offsetTop: 0 });
  expect(room().style.cssText).toBe('');
  expect(room().dataset.short).toBe('false');
});

it('leaves alone a page that somebody looks at closely', () => {
  const view = enter();
  view.change({ height: 211, scale: 4 });
  expect(room().style.cssText).toBe('');
  expect(room().dataset.short).toBe('false');
});

it('does nothing without fingers', () => {
  const view = enter(false);
  view.change({ height: 300 });
  expect(room().dataset.short).toBe('false');
});
