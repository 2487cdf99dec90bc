import { notifications } from '@mantine/notifications';
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import en from '@/i18n/en.json';
import { enterRoom, running, showPicture } from '@/test/room';
import { driveBy } from '../preferences';

const yours = { holder: 'p1', epoch: 7, requests: [] };

beforeEach(() => {
  const wide = window.matchMedia('');
  vi.spyOn(window, 'matchMedia').mockImplementation((query) => Object.assign(Object.create(wide) as MediaQueryList, { matches: query.includes('pointer: coarse') }));
});
// The device remembers it from one test to the next.
afterEach(() => driveBy.setState({ by: 'touch' }));

const click = (testId: string): void => void fireEvent.click(screen.getByTestId(testId));
const field = (): HTMLElement => screen.getByTestId('stage-keyboard');
const drive = async () => {
  const inside = await enterRoom({ browser: running, control: yours });
  const picture = showPicture();
  await screen.findByTestId('touch-tools');
  return { ...inside, ...picture };
};

describe('a driving hand on a touchscreen', () => {
  it('chooses how fingers drive, which the device remembers', async () => {
    await drive();
    expect(screen.getByTestId('drive-hint').textContent).toMatch(/^Tap to click/);
    expect(screen.queryByTestId('touch-pointer')).toBeNull();
    fireEvent.click(screen.getByLabelText('Trackpad'));
    expect(await screen.findByTestId('touch-pointer')).toBeTruthy();
    expect(screen.getByTestId('drive-hint').textContent).toMatch(/^Move the pointer/);
    expect(localStorage.getItem('turtus.touch')).toBe('{"by":"trackpad"}');
  });

  it('is told how once', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    try {
      await drive();
      await act(() => vi.advanceTimersByTimeAsync(10_000));
      expect(screen.getByTestId('drive-hint').textContent).toBe('');
      expect(localStorage.getItem('turtus.hints')).toContain('"touch":true');
    } finally {
      vi.useRealTimers();
    }
  });

  it('gets the phone’s keyboard by its button only, until it goes elsewhere', async () => {
    await drive();
    await waitFor(() => expect(document.activeElement).toBe(field()));
    expect(field().getAttribute('inputmode')).toBe('none');
    expect(screen.queryByTestId('key-row')).toBeNull();
    click('phone-keyboard');
    expect(field().getAttribute('inputmode')).toBe('text');
    expect(document.activeElement).toBe(field());
    expect(await screen.findByTestId('key-row')).toBeTruthy();
    act(() => screen.getByTestId('chat-input').focus());
    expect(field().getAttribute('inputmode')).toBe('none');
    expect(screen.queryByTestId('key-row')).toBeNull();
  });

  it('has the keys that phones lack, with those that hold for the next', async () => {
    const { sent } = await drive();
    click('phone-keyboard');
    await screen.findByTestId('key-row');
    sent.length = 0;
    click('key-control');
    expect(screen.getByTestId('key-control').getAttribute('aria-pressed')).toBe('true');
    expect(sent).toEqual([]);
    click('key-left');
    expect(sent).toEqual(['04000000070000ffe301', '04000000070000ff5101', '04000000070000ff5100', '04000000070000ffe300']);
    expect(screen.getByTestId('key-control').getAttribute('aria-pressed')).toBe('false');
  });

  it('has none of it any more when control is lost', async () => {
    const { say } = await drive();
    click('phone-keyboard');
    say({ type: 'control.changed', version: 8, payload: { holder: 'p2', epoch: 8, requests: [] } });
    await waitFor(() => expect(screen.queryByTestId('touch-tools')).toBeNull());
    expect(screen.queryByTestId('key-row')).toBeNull();
    expect(field().getAttribute('inputmode')).toBe('none');
  });

  it('leaves the stage by Control, Alt and Shift, to what gives control back', async () => {
    await drive();
    await waitFor(() => expect(document.activeElement).toBe(field()));
    fireEvent.keyDown(field(), { key: 'Shift', code: 'ShiftLeft', ctrlKey: true, altKey: true, shiftKey: true });
    expect(document.activeElement).toBe(screen.getByTestId('release-control'));
  });
});

describe('a picture of the picture', () => {
  it('is not offered while there is none', async () => {
    await enterRoom({ browser: running });
    click('more');
    await screen.findByTestId('links');
    expect(screen.queryByTestId('picture-save')).toBeNull();
  });

  it('says so when it can’t be had', async () => {
    await enterRoom({ browser: running });
    showPicture();
    vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
    const show = vi.spyOn(notifications, 'show');
    click('more');
    fireEvent.click(await screen.findByTestId('picture-save'));
    await waitFor(() => expect(show).toHaveBeenCalledExactlyOnceWith({ message: en.capture.failed, color: 'orange' }));
  });
});
