import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Permission } from '@/api/types';
import { aPeer, jon, mia } from '@/test/mockServer';
import { enterRoom, running, showPicture } from '@/test/room';
import { fadesAfter, Glide, goneAfter } from './Glide';
import { pointerChoice, pointing } from './preferences';
import { PointerSender } from './PointerSender';
// What the page loads when it is needed is there before.
import './PointerLayer';
import '../settings/SettingsPanel';

const nobody = (): boolean => false;
const at = (peer: string, x: number, y = 0) => ({ peer, x, y });

describe('a pointer of somebody else', () => {
  it('glides to where it was told, over the time until the next word', () => {
    const glide = new Glide();
    expect(glide.take({ interval: 50, moved: [at('p2', 100)] }, nobody, 1000, false)).toBe(true);
    expect(glide.at('p2', 1000)).toMatchObject({ x: 100, y: 0 }); // it begins where it is
    expect(glide.take({ interval: 50, moved: [at('p2', 200, 40)] }, nobody, 1050, false)).toBe(false);
    expect(glide.at('p2', 1050)).toMatchObject({ x: 100, y: 0 });
    expect(glide.at('p2', 1075)).toMatchObject({ x: 150, y: 20 });
    expect(glide.at('p2', 2000)).toMatchObject({ x: 200, y: 40 });
    glide.take({ interval: 50, moved: [at('p2', 500)] }, nobody, 2000, true);
    expect(glide.at('p2', 2000)).toMatchObject({ x: 500, y: 0 });
  });

  it('fades when it rests, and goes', () => {
    const glide = new Glide();
    glide.take({ interval: 50, moved: [at('p2', 1)] }, nobody, 0, false);
    expect(glide.at('p2', fadesAfter - 1)?.rests).toBe(false);
    expect(glide.at('p2', fadesAfter)?.rests).toBe(true);
    expect(glide.expire(goneAfter - 1)).toBe(false);
    expect(glide.expire(goneAfter)).toBe(true);
    expect(glide.peers).toEqual([]);
  });

  it('is taken away, comes back where it is, and is one of 24', () => {
    const glide = new Glide();
    glide.take({ interval: 50, moved: [at('p2', 1), at('own', 1)] }, (peer) => peer === 'own', 0, false);
    expect(glide.peers).toEqual(['p2']);
    expect(glide.take({ interval: 50, moved: [at('p2', 900)], gone: ['p2'] }, nobody, 10, false)).toBe(true);
    expect(glide.at('p2', 10)).toMatchObject({ x: 900 });
    for (let i = 0; i < 30; i++) glide.take({ interval: 50, moved: [at(`q${i}`, i)] }, nobody, 20 + i, false);
    expect(glide.peers).toHaveLength(24);
    expect(glide.peers).toContain('q29');
    expect(glide.peers).not.toContain('p2');
  });
});

describe('where one points', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is told at once, then the newest each 50 ms, and nothing while it stays', () => {
    const said: unknown[] = [];
    const sender = new PointerSender((place) => said.push(place) > 0);
    for (let x = 0; x < 10; x++) sender.move({ x, y: 0 });
    expect(said).toEqual([{ x: 0, y: 0 }]);
    vi.advanceTimersByTime(50);
    expect(said).toEqual([{ x: 0, y: 0 }, { x: 9, y: 0 }]);
    sender.move({ x: 9, y: 0 });
    vi.advanceTimersByTime(1000);
    expect(said).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
    sender.move(null);
    expect(said.at(-1)).toBeNull();
    sender.move({ x: 1, y: 1 });
    sender.dispose();
    expect(said).toHaveLength(3); // it was taken away already
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is told more seldom where each word is a request', () => {
    const said: unknown[] = [];
    const sender = new PointerSender((place) => said.push(place) > 0, () => true);
    sender.move({ x: 1, y: 1 });
    sender.move({ x: 2, y: 2 });
    vi.advanceTimersByTime(249);
    expect(said).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(said).toHaveLength(2);
    sender.dispose();
  });

  it('is told again to a hub that knows nothing of it', () => {
    const said: unknown[] = [];
    let online = false;
    const sender = new PointerSender((place) => online && said.push(place) > 0);
    sender.move({ x: 1, y: 1 });
    online = true;
    sender.move({ x: 1, y: 1 });
    sender.forget();
    vi.advanceTimersByTime(50);
    sender.dispose();
    expect(said).toEqual([{ x: 1, y: 1 }, { x: 1, y: 1 }, null]);
  });
});

describe('the page', () => {
  afterEach(() => {
    pointerChoice.setState({ others: true, mine: true });
    pointing.setState({ on: false });
    vi.restoreAllMocks();
  });

  /** A picture of 1000 to 500 in a stage of 1000 to 800: letterboxed. */
  async function watch(permissions: Permission[] = ['control', 'react']) {
    const inside = await enterRoom({ browser: running, peers: [aPeer('p1', mia), aPeer('p2', jon)] }, { permissions });
    const box = { left: 100, top: 0, width: 1000, height: 800 };
    vi.spyOn(HTMLElement.prototype, 'getBoundingClientRect').mockImplementation(() => new DOMRect(box.left, box.top, box.width, box.height));
    showPicture(1000, 500);
    await screen.findByTestId('pointers');
    return inside;
  }
  const sent = (inside: Awaited<ReturnType<typeof watch>>, type: string) => inside.socket.sent.filter((message) => message.type === type).map(({ payload }) => payload as unknown);

  it('shows the pointers of others at their place in the picture, by name, and until they go', async () => {
    const inside = await watch();
    expect(sent(inside, 'pointers.want')).toEqual([{ want: true }]);
    inside.say({ type: 'pointers.moved', payload: { interval: 50, moved: [at('p2', 32768, 65535), at('p1', 1)] } });
    const pointer = screen.getByTestId('pointer'); // one's own is none
    expect(pointer.textContent).toBe('Jon');
    expect(screen.getByTestId('pointers').getAttribute('aria-hidden')).toBe('true');
    await waitFor(() => expect(pointer.style.transform).toBe('translate(500.0px, 650.0px)'));
    inside.say({ type: 'pointers.moved', payload: { interval: 50, moved: [], gone: ['p2'] } });
    expect(screen.queryByTestId('pointer')).toBeNull();
    inside.say({ type: 'pointers.moved', payload: { interval: 50, moved: [at('p2', 1)] } });
    inside.say({ type: 'peer.left', payload: { peer: 'p2', reason: 'left' } });
    await waitFor(() => expect(screen.queryByTestId('pointer')).toBeNull());
  });

  it('says that it wants none, and shows none of its own, by the two switches', async () => {
    const inside = await watch();
    const stage = screen.getByTestId('stage');
    fireEvent.pointerMove(stage, { clientX: 600, clientY: 400, pointerType: 'mouse' });
    expect(sent(inside, 'pointer.move')).toEqual([{ at: { x: 32768, y: 32768 } }]);
    fireEvent.click(screen.getByTestId('tab-settings'));
    fireEvent.click(await screen.findByTestId('pointers-mine'));
    await waitFor(() => expect(sent(inside, 'pointer.move').at(-1)).toEqual({}));
    fireEvent.pointerMove(stage, { clientX: 700, clientY: 400, pointerType: 'mouse' });
    expect(sent(inside, 'pointer.move')).toHaveLength(2);
    fireEvent.click(screen.getByTestId('pointers-others'));
    await waitFor(() => expect(sent(inside, 'pointers.want')).toEqual([{ want: true }, { want: false }]));
    expect(screen.queryByTestId('pointers')).toBeNull();
    expect(localStorage.getItem('turtus.pointers')).toBe('{"others":false,"mine":false}');
  });

  it('tells nothing beside the picture, of a finger, or while one drives', async () => {
    const inside = await watch();
    const stage = screen.getByTestId('stage');
    fireEvent.pointerMove(stage, { clientX: 600, clientY: 20, pointerType: 'mouse' }); // in the bar above it
    fireEvent.pointerMove(stage, { clientX: 600, clientY: 400, pointerType: 'touch' });
    expect(sent(inside, 'pointer.move')).toEqual([]);
    act(() => pointing.setState({ on: true }));
    const finger = await screen.findByTestId('finger');
    fireEvent.pointerDown(finger, { clientX: 600, clientY: 400, pointerType: 'touch', isPrimary: true, buttons: 1 });
    expect(sent(inside, 'pointer.move')).toEqual([{ at: { x: 32768, y: 32768 } }]);
    expect(sent(inside, 'control.take')).toEqual([]);
    inside.say({ type: 'control.changed', payload: { holder: 'p1', epoch: 8, requests: [] } });
    await waitFor(() => expect(sent(inside, 'pointer.move').at(-1)).toEqual({}));
    expect(screen.queryByTestId('finger')).toBeNull();
    fireEvent.pointerMove(stage, { clientX: 601, clientY: 400, pointerType: 'mouse' });
    expect(sent(inside, 'pointer.move')).toHaveLength(2);
  });

  it('tells nothing of who may not', async () => {
    const inside = await watch(['chat']);
    fireEvent.pointerMove(screen.getByTestId('stage'), { clientX: 600, clientY: 400, pointerType: 'mouse' });
    expect(sent(inside, 'pointer.move')).toEqual([]);
  });
});
