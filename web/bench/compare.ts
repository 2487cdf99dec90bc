import type { Luma } from './clip'

export interface Area {
  x: number
  y: number
  width: number
  height: number
}

/** Peak signal to noise of an area in dB, but for what lies in `without`. Equal pictures are 99. */
export function psnr(a: Luma, b: Luma, area: Area, without?: Area, shift = { x: 0, y: 0 }): number {
  let sum = 0
  let count = 0
  for (let y = area.y; y < area.y + area.height; y++)
    for (let x = area.x; x < area.x + area.width; x++) {
      if (without && x >= without.x && x < without.x + without.width && y >= without.y && y < without.y + without.height) continue
      const difference = (a.data[y * a.width + x] ?? 0) - (b.data[(y - shift.y) * b.width + x - shift.x] ?? 0)
      sum += difference * difference
      count++
    }
  return sum === 0 ? 99 : 10 * Math.log10((255 * 255 * count) / sum)
}

/** Structural similarity (Wang et al. 2004) of an area: the mean over windows of 8x8, one each 4 pixels. */
export function ssim(a: Luma, b: Luma, area: Area): number {
  const size = 8
  const c1 = (0.01 * 255) ** 2
  const c2 = (0.03 * 255) ** 2
  let total = 0
  let windows = 0
  for (let top = area.y; top + size <= area.y + area.height; top += 4)
    for (let left = area.x; left + size <= area.x + area.width; left += 4) {
      let sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0
      for (let y = top; y < top + size; y++)
        for (let x = left; x < left + size; x++) {
          const va = a.data[y * a.width + x] ?? 0
          const vb = b.data[y * b.width + x] ?? 0
          sa += va
          sb += vb
          saa += va * va
          sbb += vb * vb
          sab += va * vb
        }
      const n = size * size
      const ma = sa / n
      const mb = sb / n
      const variance = saa / n - ma * ma + (sbb / n - mb * mb)
      const covariance = sab / n - ma * mb
      total += ((2 * ma * mb + c1) * (2 * covariance + c2)) / ((ma * ma + mb * mb + c1) * (variance + c2))
      windows++
    }
  return total / windows
}

/** Brightness of pixels as an X server has them (B, G, R, unused), by the matrix that the picture was said to have. */
export function lumaOf(pixels: Uint8Array, width: number, height: number, matrix: string | null): Luma {
  const [red, green, blue] = matrix === 'bt709' ? [0.2126, 0.7152, 0.0722] : [0.299, 0.587, 0.114]
  const data = new Uint8Array(width * height)
  for (let i = 0; i < data.length; i++)
    data[i] = Math.round(16 + ((pixels[4 * i + 2] ?? 0) * red + (pixels[4 * i + 1] ?? 0) * green + (pixels[4 * i] ?? 0) * blue) * (219 / 255))
  return { data, width, height }
}
