import { expect, it } from 'vitest';
import { cameraEncodings, type CameraTo } from './encoding';

const wide = { width: 640, height: 360 };
const to = (change: Partial<CameraTo> = {}): CameraTo => ({ friends: 1, wish: { side: 96, share: 1 }, share: 1, captured: wide, ...change });
const of = (change: Partial<CameraTo> = {}) => cameraEncodings(to(change))[0];

it('is as large as the friend shows it, and no larger than the camera gives or the mesh has place for', () => {
  expect(of()).toEqual({ active: true, maxBitrate: 60_000, scaleResolutionDownBy: 3.75, maxFramerate: 15 });
  expect(of({ wish: { side: 240, share: 1 } })?.scaleResolutionDownBy, 'a dense screen').toBeCloseTo(360 / 256);
  expect(of({ wish: { side: 5_000, share: 1 } })).toMatchObject({ scaleResolutionDownBy: 1, maxBitrate: 350_000 });
  expect(of({ friends: 7, wish: { side: 5_000, share: 1 } })).toMatchObject({ scaleResolutionDownBy: 2, maxBitrate: 129_600 });
  expect(of({ wish: null })?.scaleResolutionDownBy, 'who has not said anything').toBeCloseTo(360 / 192);
});

it('goes by the shorter side of a phone that is held upright too', () => {
  expect(of({ captured: { width: 360, height: 640 } })).toEqual(of());
});

it('takes no more than the uplink has for all friends together', () => {
  for (const friends of [1, 3, 7, 23]) expect((of({ friends, wish: { side: 5_000, share: 1 } })?.maxBitrate ?? Infinity) * friends).toBeLessThanOrEqual(1_200_000);
});

it('gives way in bits, then in size and pictures, then altogether, by whichever end wants less', () => {
  const large = { side: 256, share: 1 };
  const steps = [1, 0.6, 0.35, 0.2, 0].map((share) => of({ wish: large, share }));
  expect(steps.map((each) => each?.maxFramerate)).toEqual([15, 15, 12, 8, 5]);
  expect(steps.map((each) => each?.active)).toEqual([true, true, true, true, false]);
  const rates = steps.map((each) => each?.maxBitrate ?? 0);
  expect(rates).toEqual([...rates].sort((a, b) => b - a));
  expect(steps.map((each) => each?.scaleResolutionDownBy)).toEqual([...steps.map((each) => each?.scaleResolutionDownBy ?? 0)].sort((a, b) => a - b));
  expect(of({ wish: { ...large, share: 0.35 } })).toEqual(steps[2]);
  expect(of({ wish: { ...large, share: 0.35 }, share: 0.2 })).toEqual(steps[3]);
});

it('is not sent where nobody sees it', () => {
  expect(of({ wish: { side: 0, share: 1 } })?.active).toBe(false);
});
