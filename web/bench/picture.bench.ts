import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { clip, makeClip, marker, readMarker, type Luma } from './clip'
import { psnr, ssim, type Area } from './compare'
import { grab } from './frames'
import { heard, listen, skews } from './sound'
import { seconds, test, trials, type Stage } from './stage'
import { displayOf, screenshot } from './xserver'
import { playback, received } from './probe'

/** Where the page lies on the screen, as /exact told. */
function place(stage: Stage): Area {
  const [x = 0, y = 0, width = 0, height = 0] = stage.pages.of(stage.room, 'at').at(-1)?.detail.split(',').map(Number) ?? []
  return { x, y, width: Math.min(width, clip.width - x), height: Math.min(height, clip.height - y) }
}

test('quality', async ({ stage, figures }) => {
  let page = await stage.show('exact')
  const at = place(stage)
  const count = trials(30)
  await playback(page, seconds(3)) // The encoder's rate control has found its way.
  const before = await received(page, 'video')
  const grabbed = await grab(page, count, 7)
  const after = await received(page, 'video')
  const rate = (after.payload - before.payload) / (after.at - before.at) // bytes a millisecond: kB/s
  const shown = new Map<number, Luma>()
  for (const frame of grabbed) {
    const number = readMarker(frame, at.x, at.y)
    if (number !== undefined && number < clip.frames) shown.set(number, frame)
  }
  expect(shown.size, 'frames whose number can be read').toBeGreaterThan(count / 2)

  const numbers = [...shown.keys()].sort((a, b) => a - b)
  page = await stage.show('exact', `&frames=${numbers.join(',')}`)
  const display = displayOf(stage.server.pid)
  const values: number[] = []
  const corner: Area = { x: at.x, y: at.y, width: marker.width, height: marker.height }
  for (const number of numbers) {
    const told = stage.pages.of(stage.room, 'shown').length
    await page.keyboard.press('n')
    await expect.poll(() => stage.pages.of(stage.room, 'shown').length, { message: 'Firefox shows the next frame' }).toBeGreaterThan(told)
    const sources: Luma[] = []
    await expect(() => {
      const source = screenshot(display, clip.width, clip.height, grabbed[0]?.matrix ?? null)
      expect(readMarker(source, at.x, at.y), 'the frame on the screen').toBe(number)
      sources.push(source)
    }).toPass({ timeout: 10_000 })
    const seen = shown.get(number)
    const source = sources.at(-1)
    if (source && seen) values.push(psnr(source, seen, at, corner))
  }
  figures.add('clip: PSNR-Y', 'dB', values)
  figures.add('clip: what the picture took while PSNR-Y was taken', 'kB/s', rate)

  const same = plain(at, rate, numbers)
  figures.add('clip: PSNR-Y of plain x264 at the same kB/s', 'dB', same.psnr)
  figures.add('clip: what plain x264 really took for the same kB/s', 'kB/s', same.rate)
  figures.add('clip: PSNR-Y of plain x264 at 383 kB/s', 'dB', plain(at, 383, numbers).psnr)
  const of = (name: string): number => figures.list.find((figure) => figure.name === name)?.value ?? NaN
  figures.add('clip: PSNR-Y over plain x264 at the same kB/s', 'dB', of('clip: PSNR-Y') - of('clip: PSNR-Y of plain x264 at the same kB/s'))
})

/**
 * The stand-in for the peer: what is seen of the clip, by x264 veryfast zerolatency at an average rate and else as it
 * comes. The rate is asked for again until what it takes after three seconds, as in ours, is within 2 % of that wanted.
 */
function plain(at: Area, rate: number, numbers: readonly number[]): { psnr: number[]; rate: number } {
  const folder = mkdtempSync(join(tmpdir(), 'turtus-bench-'))
  try {
    const file = join(folder, 'plain.h264')
    const width = at.width - (at.width % 2)
    const height = at.height - (at.height % 2)
    const last = Math.min(clip.frames, Math.max(...numbers) + 1)
    let asked = rate
    let took = 0
    for (let attempt = 0; attempt < 3; attempt++) {
      execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', makeClip(), '-vf', `crop=${width}:${height}:0:0`, '-frames:v', String(last),
        '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-b:v', String(Math.round(asked * 8000)), file])
      const sizes = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'packet=size', '-of', 'csv=p=0', file], { encoding: 'utf8' })
        .trim().split('\n').map((line) => Number.parseInt(line, 10)).slice(Math.min(90, last >> 1))
      took = (sizes.reduce((sum, size) => sum + size, 0) / sizes.length) * (clip.rate / 1000)
      if (Math.abs(took / rate - 1) < 0.02) break
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
    const [seen] = await grab(page, 1, 0)
    if (!seen) continue
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
