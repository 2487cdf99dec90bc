import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { clip, makeClip, marker, readMarker, type Luma } from './clip'
import { psnr, ssim, type Area } from './compare'
import { collect, grab } from './frames'
import { heard, listen, skews } from './sound'
import { seconds, test, trials, type Stage } from './stage'
import { displayOf, screenshot } from './xserver'
import { playback } from './probe'

/** Where the page lies on the screen, as /exact told. */
function place(stage: Stage): Area {
  const [x = 0, y = 0, width = 0, height = 0] = stage.pages.of(stage.room, 'at').at(-1)?.detail.split(',').map(Number) ?? []
  return { x, y, width: Math.min(width, clip.width - x), height: Math.min(height, clip.height - y) }
}

/** What is compared: the same frames of the clip in each run, spread over seven seconds and over each pattern that an encoder may follow. */
const compared = Array.from({ length: trials(53) }, (_, i) => 90 + 4 * i)

test('quality', async ({ stage, figures }) => {
  let page = await stage.show('exact')
  const at = place(stage)
  const { frames: shown, rate, perSecond } = await collect(page, compared, at, 3)
  expect(shown.size, 'frames that were shown').toBeGreaterThan(0.9 * compared.length)

  const numbers = [...shown.keys()]
  page = await stage.show('exact', `&frames=${numbers.join(',')}`)
  const display = displayOf(stage.server.pid)
  const values: number[] = []
  const corner: Area = { x: at.x, y: at.y, width: marker.width, height: marker.height }
  for (const [number, seen] of shown) {
    const told = stage.pages.of(stage.room, 'shown').length
    await page.keyboard.press('n')
    await expect.poll(() => stage.pages.of(stage.room, 'shown').length, { message: 'Firefox shows the next frame', intervals: [20] }).toBeGreaterThan(told)
    const sources: Luma[] = []
    await expect(() => {
      const source = screenshot(display, clip.width, clip.height, seen.matrix)
      expect(readMarker(source, at.x, at.y), 'the frame on the screen').toBe(number)
      sources.push(source)
    }).toPass({ timeout: 10_000 })
    const source = sources.at(-1)
    if (source) values.push(psnr(source, seen, at, corner))
  }
  figures.add('clip: PSNR-Y', 'dB', values)
  figures.add('clip: what the picture took while PSNR-Y was taken', 'kB/s', rate)
  figures.add('clip: frames received while PSNR-Y was taken', 'per second', perSecond)

  const same = plain(at, rate, numbers)
  figures.add('clip: PSNR-Y of plain x264 at the same kB/s', 'dB', same.psnr)
  figures.add('clip: what plain x264 really took for the same kB/s', 'kB/s', same.rate)
  figures.add('clip: PSNR-Y of plain x264 at 383 kB/s', 'dB', plain(at, 383, numbers).psnr)
  // Frame by frame: a median of each would hang on which frame of the pattern of qualities stands in the middle.
  const over = values.map((value, index) => value - (same.psnr[index] ?? NaN))
  figures.add('clip: PSNR-Y over plain x264 at the same kB/s', 'dB', over.reduce((sum, value) => sum + value, 0) / over.length)
})

/**
 * The stand-in for the peer: what is seen of the clip, by x264 veryfast zerolatency at an average rate and else as it
 * comes. The rate is asked for again until what it takes from the first of these frames to
 * the last, as in ours, is within 1 % of that wanted.
 */
function plain(at: Area, rate: number, numbers: readonly number[]): { psnr: number[]; rate: number } {
  const folder = mkdtempSync(join(tmpdir(), 'turtus-bench-'))
  try {
    const file = join(folder, 'plain.h264')
    const width = at.width - (at.width % 2)
    const height = at.height - (at.height % 2)
    const [first, last] = [Math.min(...numbers), Math.max(...numbers)]
    let asked = rate
    let took = 0
    for (let attempt = 0; attempt < 5; attempt++) {
      execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', makeClip(), '-vf', `crop=${width}:${height}:0:0`, '-frames:v', String(last + 1),
        '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-b:v', String(Math.round(asked * 8000)), file])
      const sizes = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'packet=size', '-of', 'csv=p=0', file], { encoding: 'utf8' })
        .trim().split('\n').map((line) => Number.parseInt(line, 10)).slice(first)
      took = (sizes.reduce((sum, size) => sum + size, 0) / sizes.length) * (clip.rate / 1000)
      if (Math.abs(took / rate - 1) < 0.01) break
      asked *= rate / took
    }
    const decode = (input: string, filter: string): Luma[] => {
      const select = numbers.map((number) => `eq(n,${number})`).join('+')
      const raw = execFileSync('ffmpeg', ['-v', 'error', '-i', input, '-vf', `${filter}select='${select}'`, '-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-'],
        { maxBuffer: 2 ** 30 })
      const size = (width * height * 3) / 2
      return numbers.map((_, index) => ({ data: raw.subarray(index * size, index * size + width * height), width, height }))
    }
    const source = decode(makeClip(), `crop=${width}:${height}:0:0,`)
    const coded = decode(file, '')
    const corner: Area = { x: 0, y: 0, width: marker.width, height: marker.height }
    return {
      psnr: source.flatMap((picture, index) => {
        const other = coded[index]
        return other ? [psnr(picture, other, { x: 0, y: 0, width, height }, corner)] : []
      }),
      rate: took,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('sharp', async ({ stage, figures }) => {
  const page = await stage.show('halt')
  await stage.settle(page)
  const display = displayOf(stage.server.pid)
  const area: Area = { x: 0, y: 120, width: clip.width - 24, height: clip.height - 120 } // Below Firefox's own bars, beside the scroll bar.
  const structure: number[] = []
  const noise: number[] = []
  for (let i = 0; i < trials(5); i++) {
    const halted = stage.pages.of(stage.room, 'halted').length
    await stage.ann.clickPicture(0.5, 0.5)
    await expect.poll(() => stage.pages.of(stage.room, 'halted').length, { message: 'the text stands still', intervals: [20] }).toBeGreaterThan(halted)
    await page.waitForTimeout(1000) // The measure: one second after motion.
    const seen = await grab(page)
    const source = screenshot(display, clip.width, clip.height, seen.matrix)
    structure.push(ssim(source, seen, area))
    noise.push(psnr(source, seen, area))
  }
  figures.add('text one second after motion: SSIM-Y', '', structure)
  figures.add('text one second after motion: PSNR-Y', 'dB', noise)
})

test('sound', async ({ stage, figures }) => {
  const began = stage.pages.of(stage.room, 'sounding').length
  await stage.show('flash')
  await stage.ann.clickPicture() // Where Firefox wants a gesture before it lets sound out.
  await expect.poll(() => stage.pages.of(stage.room, 'sounding').length, { message: 'Firefox sounds' }).toBeGreaterThan(began)
  const ben = await stage.arrive('Ben')
  await ben.joinAsGuest(stage.invite)
  await ben.seesPicture()
  const people = [['controller', stage.ann], ['watcher', ben]] as const
  for (const [, { page }] of people) await page.mouse.click(2, 400) // Chromium lets sound out after a gesture.
  await playback(ben.page, seconds(8)) // It brings sound and picture together in small steps, from the join on.
  for (const [, { page }] of people) await listen(page)
  const told = (): number => stage.pages.of(stage.room, 'flip').length
  // Both ends speak of the same flips: a second passes between two, and the last one has had its time to be seen.
  const first = told()
  await expect.poll(told, { intervals: [20], timeout: 90_000 }).toBeGreaterThan(first + trials(20))
  await ben.page.waitForTimeout(400)
  for (const [name, { page }] of people) {
    const known = stage.pages.of(stage.room, 'flip').map((event) => Number(event.detail.split(',')[1]))
    const all = await heard(page)
    const late = skews(all, known)
    figures.add(`sound against picture, ${name}: off by`, 'ms', late.map(Math.abs), 90)
    figures.add(`sound against picture, ${name}: sound later by`, 'ms', late, 90)
    figures.add(`sound against picture, ${name}: sound later by the browser's own count`, 'ms', all.counted, 90)
  }
  await ben.leave()
})
