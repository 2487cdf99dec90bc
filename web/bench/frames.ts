import type { Page } from '@playwright/test'
import { clip, marker, readMarker, type Luma } from './clip'
import { received } from './probe'

export interface Grabbed extends Luma {
  /** VideoColorSpace.matrix. */
  matrix: string | null
}

interface Kept {
  buffer: ArrayBuffer
  offset: number
  stride: number
  width: number
  height: number
  matrix: string | null
}

/** Runs in the page: makes the two functions that the others here call. */
function prepare(): void {
  const kept = new Map<number, Kept>()
  /** The frame that is shown now: its brightness as the decoder gave it, untouched by colour conversion or the size of the element. */
  const copy = async (video: HTMLVideoElement, rect?: DOMRectInit): Promise<Kept> => {
    const frame = new VideoFrame(video)
    try {
      if (frame.format !== 'I420' && frame.format !== 'NV12') throw new Error(`a frame of format ${String(frame.format)}`)
      const options = rect ? { rect } : {}
      const buffer = new ArrayBuffer(frame.allocationSize(options))
      const { width = 0, height = 0 } = rect ?? frame.visibleRect ?? {}
      const { matrix } = frame.colorSpace
      const [plane] = await frame.copyTo(buffer, options)
      return { buffer, offset: plane?.offset ?? 0, stride: plane?.stride ?? width, width, height, matrix }
    } finally {
      frame.close()
    }
  }
  Object.assign(globalThis, { benchFrames: { kept, copy } })
}

interface Prepared {
  benchFrames: { kept: Map<number, Kept>; copy: (video: HTMLVideoElement, rect?: DOMRectInit) => Promise<Kept> }
}

/** Fetches what the page keeps by this number. */
async function fetchKept(page: Page, number: number): Promise<Grabbed> {
  const { text, offset, stride, width, height, matrix } = await page.evaluate(async (key) => {
    const kept = (globalThis as unknown as Prepared).benchFrames.kept.get(key)
    if (!kept) throw new Error('no such frame')
    const reader = new FileReader()
    reader.readAsDataURL(new Blob([kept.buffer.slice(0, kept.offset + kept.stride * kept.height)]))
    await new Promise((done) => { reader.onload = done })
    const { offset, stride, width, height, matrix } = kept
    return { text: (reader.result as string).split(',')[1] ?? '', offset, stride, width, height, matrix }
  }, number)
  const bytes = Buffer.from(text, 'base64')
  const data = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) data.set(bytes.subarray(offset + y * stride, offset + y * stride + width), y * width)
  return { data, width, height, matrix }
}

/** The brightness of the frame that is shown now. */
export async function grab(page: Page): Promise<Grabbed> {
  await page.evaluate(prepare)
  await page.evaluate(async () => {
    const { kept, copy } = (globalThis as unknown as Prepared).benchFrames
    const video = document.querySelector<HTMLVideoElement>('[data-testid="stage-video"]')
    if (!video) throw new Error('no video')
    kept.set(0, await copy(video))
  })
  return fetchKept(page, 0)
}

/**
 * The frames of the clip with these numbers, in ascending order, by the number that each carries at `at`. A number that
 * was not shown is waited for when the clip comes round again. Also what the picture took from the first to the last,
 * in kB/s, and how many frames a second came.
 */
export async function collect(page: Page, numbers: readonly number[], at: { x: number; y: number }, rounds: number): Promise<{ frames: Map<number, Grabbed>; rate: number; perSecond: number }> {
  await page.evaluate(prepare)
  await page.evaluate(`globalThis.benchReadMarker = ${readMarker.toString()}`)
  await page.evaluate(
    ([wanted, at, marker]) => {
      const { benchFrames, benchReadMarker } = globalThis as unknown as Prepared & { benchReadMarker: typeof readMarker }
      const { kept, copy } = benchFrames
      const video = document.querySelector<HTMLVideoElement>('[data-testid="stage-video"]')
      if (!video) throw new Error('no video')
      const progress = { last: -1 }
      Object.assign(globalThis, { benchProgress: progress })
      // Half a chroma sample can't be copied.
      const corner = { x: at.x & ~1, y: at.y & ~1, width: marker.width + 2, height: marker.height + 2 }
      const look = async (): Promise<void> => {
        const seen = await copy(video, corner)
        const data = new Uint8Array(seen.buffer, seen.offset)
        const number = benchReadMarker({ data, width: seen.stride, height: seen.height }, at.x - corner.x, at.y - corner.y, marker)
        if (number !== undefined) {
          progress.last = number
          if (wanted.includes(number) && !kept.has(number)) kept.set(number, await copy(video))
        }
      }
      const next = (): void => { video.requestVideoFrameCallback(() => { void look().finally(next) }) }
      next()
    },
    [numbers, at, marker] as const,
  )
  const round = clip.frames / clip.rate
  /** Waits until a frame is shown that is in the clip's part from `from` on, before it comes round. */
  const reach = (from: number): Promise<unknown> =>
    page.waitForFunction(
      ([least, most]) => {
        const { last } = (globalThis as unknown as { benchProgress: { last: number } }).benchProgress
        return last >= least && last <= most
      },
      [from, from + clip.rate] as const,
      { polling: 'raf', timeout: 2 * round * 1000 },
    )
  const [first = 0, last = 0] = [numbers[0], numbers.at(-1)]
  await reach(first)
  const before = await received(page, 'video')
  await reach(last)
  const after = await received(page, 'video')
  await page
    .waitForFunction((count) => (globalThis as unknown as Prepared).benchFrames.kept.size === count, numbers.length, { polling: 500, timeout: (rounds - 1) * round * 1000 })
    .catch(() => undefined) // What never was shown is left out.
  const there = await page.evaluate(() => [...(globalThis as unknown as Prepared).benchFrames.kept.keys()])
  const frames = new Map<number, Grabbed>()
  for (const number of there.sort((a, b) => a - b)) frames.set(number, await fetchKept(page, number))
  const elapsed = after.at - before.at // milliseconds
  return { frames, rate: (after.payload - before.payload) / elapsed, perSecond: ((after.frames - before.frames) / elapsed) * 1000 }
}
