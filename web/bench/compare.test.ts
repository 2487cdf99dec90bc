import { describe, expect, test } from 'vitest'
import { lumaOf, psnr, ssim } from './compare'
import { quantile } from './figures'
import { readMarker } from './clip'

const area = { x: 0, y: 0, width: 32, height: 32 }
const picture = (at: (x: number, y: number) => number) => ({
  data: Uint8Array.from({ length: 32 * 32 }, (_, i) => at(i % 32, Math.floor(i / 32))), width: 32, height: 32,
})

describe('pictures compared', () => {
  const checks = picture((x, y) => ((x >> 2) + (y >> 2)) % 2 ? 200 : 40)
  test('a picture is equal to itself', () => {
    expect(psnr(checks, checks, area)).toBe(99)
    expect(ssim(checks, checks, area)).toBeCloseTo(1, 10)
  })
  test('an error of ten levels everywhere is 28.13 dB, and nothing where it is left out', () => {
    const off = picture((x, y) => (checks.data[y * 32 + x] ?? 0) + (x < 8 ? 10 : 0))
    expect(psnr(checks, off, { ...area, width: 8 })).toBeCloseTo(28.13, 2)
    expect(psnr(checks, off, area, { ...area, width: 8 })).toBe(99)
  })
  test('the same elsewhere is found by its shift', () => {
    const moved = picture((x, y) => (y >= 4 ? checks.data[(y - 4) * 32 + x] ?? 0 : 0))
    expect(psnr(moved, checks, { ...area, y: 4, height: 20 }, undefined, { x: 0, y: 4 })).toBe(99)
  })
  test('structure that is gone is seen, brightness hardly', () => {
    const flat = picture(() => 120)
    const brighter = picture((x, y) => (checks.data[y * 32 + x] ?? 0) + 3)
    expect(ssim(checks, flat, area)).toBeLessThan(0.1)
    expect(ssim(checks, brighter, area)).toBeGreaterThan(0.99)
  })
})

test('white is 235 and black 16, in either matrix', () => {
  const pixels = Uint8Array.from([255, 255, 255, 0, 0, 0, 0, 0])
  for (const matrix of ['bt709', 'smpte170m', null]) expect([...lumaOf(pixels, 2, 1, matrix).data]).toEqual([235, 16])
})

test('quantiles are by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
  expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile(hundred, 1), quantile([7], 0.5)]).toEqual([50, 99, 100, 7])
})

test('a marker is read where it is, and nowhere else', () => {
  const data = new Uint8Array(300 * 40)
  const bits = [1, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1]
  for (let y = 0; y < 16; y++) for (let x = 0; x < 192; x++) data[(y + 9) * 300 + 7 + x] = bits[x >> 4] ? 225 : 25
  expect(readMarker({ data, width: 300, height: 40 }, 7, 9)).toBe(0b1000001101)
  expect(readMarker({ data, width: 300, height: 40 }, 23, 9)).toBeUndefined()
})
