import { expect, it } from 'vitest';
import { FakeMedia } from '@/test/devices';
import { Screen } from './Screen';

function setUp() {
  const media = new FakeMedia();
  const screen = new Screen({ media });
  return { media, screen, state: () => screen.store.getState() };
}

it('is taken with its sound, as a film; without, as a text; and the person may say otherwise', async () => {
  const { media, screen, state } = setUp();
  await screen.start();
  expect(state()).toMatchObject({ state: 'on', hint: 'motion' });
  expect(media.taken.map(({ contentHint }) => contentHint)).toEqual(['motion', 'music']);
  screen.setHint('detail');
  expect(media.taken[0]?.contentHint).toBe('detail');
  screen.stop();
  expect(media.taken.map(({ readyState }) => readyState)).toEqual(['ended', 'ended']);
  media.screenSound = false;
  await screen.start();
  expect(state()).toMatchObject({ state: 'on', hint: 'detail' });
});

it('is no trouble where the person thinks better of it, and one where the system says no', async () => {
  const { media, screen, state } = setUp();
  media.refusal = 'NotAllowedError';
  await screen.start();
  expect(state()).toMatchObject({ state: 'off', trouble: false });
  media.refusal = 'NotReadableError';
  await screen.start();
  expect(state()).toMatchObject({ state: 'off', trouble: true });
});

it('is given back when it comes after the person has stopped', async () => {
  const { media, screen, state } = setUp();
  const starting = screen.start();
  screen.stop();
  await starting;
  expect(state()).toMatchObject({ state: 'off', stream: null });
  expect(media.taken.map(({ readyState }) => readyState)).toEqual(['ended', 'ended']);
});

it('is asked for once, however often it is pressed', async () => {
  const { media, screen, state } = setUp();
  await Promise.all([screen.start(), screen.start()]);
  expect(state()).toMatchObject({ state: 'on' });
  expect(media.getDisplayMedia).toHaveBeenCalledTimes(1);
});

it('is not possible where the browser shares none', () => {
  expect(new Screen({ media: undefined }).possible).toBe(false);
  expect(new Screen({ media: {} }).possible).toBe(false);
  expect(setUp().screen.possible).toBe(true);
});
