import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { Pages } from '../e2e/support/pages'
import { Person, unique } from '../e2e/support/room'
import { Server } from '../e2e/support/server'
import { clickLatency, firstFrame, keepPeers, playback, watchFirstFrame } from './probe'
import { usage, type Group } from './processes'
import { quantile, report, type Figure } from './report'

const root = resolve(import.meta.dirname, '../..')
/** BENCH_SCALE=0.2 makes a quick run for trying the harness; the figures kept are those of a whole one. */
const scale = Number(process.env.BENCH_SCALE ?? 1)
const trials = (count: number): number => Math.max(2, Math.round(count * scale))
const windowSeconds = Math.max(3, Math.round(10 * scale))

const bodies = {
  '/flip': `<script>
    let on = false; document.body.style.background = '#d00000'
    addEventListener('pointerdown', () => { on = !on; document.body.style.background = on ? '#0000d0' : '#d00000' })
    report('ready') </script>`,
  '/clip': `<video src="/clip.mp4" autoplay loop muted style="position:fixed;inset:0;width:100%;height:100%;object-fit:cover" onplaying="report('ready')"></video>`,
  '/text': `<div id="t" style="font:16px/1.4 serif;color:#111;background:#fff;padding:0 40px;will-change:transform"></div><script>
    const words = 'the quick brown turtle swims over a lazy reef while friends watch and talk about it '
    const pane = document.body; pane.style.overflow = 'auto'
    document.getElementById('t').textContent = words.repeat(4000)
    const step = () => { pane.scrollBy(0, 2); requestAnimationFrame(step) }; step()
    pane.addEventListener('scroll', () => report('ready'), { once: true }) </script>`,
}

test('benchmark', async ({ browser }) => {
  const folder = mkdtempSync(join(tmpdir(), 'turtus-bench-'))
  const clip = join(folder, 'clip.mp4')
  // Natural-looking motion with fine detail that everybody can make again: a zoom into the Mandelbrot set with noise.
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'mandelbrot=size=1280x720:rate=30:end_scale=0.01', '-t', '20',
    '-vf', 'noise=alls=6:allf=t', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p', clip])
  const pages = await Pages.start(bodies, { '/clip.mp4': { file: clip, type: 'video/mp4' } })
  const server = await Server.start({ TURTUS_VIEWER_TIMEOUT: '30m', TURTUS_LOG_LEVEL: 'info' })
  const figures: Figure[] = []
  const add = (name: string, unit: string, values: number[] | number): void => {
    const list = typeof values === 'number' ? [values] : values
    figures.push({ name, unit, value: quantile(list, 0.5), ...(list.length > 1 ? { p99: quantile(list, 0.99), samples: list.length } : {}) })
  }
  const addUsage = async (state: string, groups: Group[], memory = false): Promise<void> => {
    const used = await usage(server.pid, windowSeconds)
    for (const group of groups) {
      add(`${state}: ${group} CPU`, '% of a core', used[group]?.cpu ?? 0)
      if (memory) add(`${state}: ${group} memory (PSS)`, 'MB', used[group]?.memory ?? 0)
    }
  }
  const go = async (person: Person, room: string, page: string): Promise<void> => {
    const before = pages.of(room, 'ready').length
    await person.browseTo(`${pages.url}/${page}?room=${room}`, pages)
    await expect.poll(() => pages.of(room, 'ready').length, { message: `Firefox opens ${page}` }).toBeGreaterThan(before)
  }
  const settle = (page: Page): Promise<void> =>
    // Quiet: no frame for two seconds (what refines the picture after motion is done).
    page.evaluate(
      () =>
        new Promise<void>((done) => {
          const video = document.querySelector<HTMLVideoElement>('[data-testid="stage-video"]')
          let timer = setTimeout(done, 2000)
          const frame = (): void => {
            clearTimeout(timer)
            timer = setTimeout(done, 2000)
            video?.requestVideoFrameCallback(frame)
          }
          video?.requestVideoFrameCallback(frame)
        }),
    )

  try {
    const room = unique('bench')
    const ann = await Person.arrive(browser, server, 'Ann')
    await ann.context.addInitScript(watchFirstFrame)
    await ann.context.addInitScript(keepPeers)
    await ann.signUp()
    const address = await ann.createRoom(`Bench ${room}`, `${pages.url}/flip?room=${room}`)

    const starts: number[] = []
    for (let i = 0; i < trials(3); i++) {
      await ann.page.goto(address)
      await expect(ann.page.getByTestId('start-browser')).toBeVisible()
      const clicked = await ann.page.evaluate(() => performance.now())
      await ann.page.getByTestId('start-browser').click()
      starts.push((await firstFrame(ann.page)).fromNavigation - clicked)
      if (i + 1 < trials(3)) {
        await ann.stopBrowser()
      }
    }
    add('start to first frame', 'ms', starts)
    await expect.poll(() => pages.of(room, 'ready').length).toBeGreaterThan(0)

    const link = await ann.inviteLink()
    const joins: { fromNavigation: number; fromRequest: number }[] = []
    for (let i = 0; i < trials(10); i++) {
      const ben = await Person.arrive(browser, server, 'Ben')
      await ben.context.addInitScript(watchFirstFrame)
      await ben.joinAsGuest(link)
      await ben.seesPicture()
      await ben.page.reload()
      joins.push(await firstFrame(ben.page))
      await ben.leave()
    }
    add('join: stream asked for to first frame', 'ms', joins.map((join) => join.fromRequest))
    add('join: page opened to first frame', 'ms', joins.map((join) => join.fromNavigation))

    await settle(ann.page)
    await addUsage('still page, one viewer', ['agent', 'xserver', 'firefox', 'sound', 'server'], true)
    add('still page, one viewer: on the wire', 'kB/s', (await playback(ann.page, windowSeconds)).bytesPerSecond / 1000)

    await ann.takeControl()
    const at = await ann.pointOnPicture(0.4, 0.5)
    const clicks = async (count: number): Promise<number[]> => {
      const latencies: number[] = []
      for (let i = 0; i < count; i++) {
        await ann.page.waitForTimeout(250 + Math.random() * 300) // The spacing of the trials, at random against every clock.
        latencies.push(await clickLatency(ann.page, at))
      }
      return latencies
    }
    add('click to picture, still page', 'ms', await clicks(trials(100)))

    await go(ann, room, 'clip')
    const watched = await playback(ann.page, Math.max(5, Math.round(30 * scale)))
    add('clip 720p30: frames shown', 'per second', watched.framesPerSecond)
    add('clip 720p30: freezes over 200 ms in 30 s', 'count', watched.freezes)
    add('clip 720p30: longest gap', 'ms', watched.longestGap)
    add('clip 720p30: on the wire', 'kB/s', watched.bytesPerSecond / 1000)
    await addUsage('clip, 1 viewer', ['agent', 'xserver', 'firefox', 'server'], true)
    for (const viewers of [5, 10]) {
      const counters = spawn(join(root, 'bin/turtus-viewer'), ['-n', String(viewers - 1), link], { stdio: ['ignore', 'pipe', 'inherit'] })
      let last = { receiving: 0, frames: 0 }
      counters.stdout.on('data', (chunk: Buffer) => {
        const line = chunk.toString().trim().split('\n').at(-1)
        if (line) last = JSON.parse(line) as typeof last
      })
      await expect.poll(() => last.receiving, { message: `${viewers - 1} counters receive` }).toBe(viewers - 1)
      const before = { frames: last.frames, at: Date.now() }
      await addUsage(`clip, ${viewers} viewers`, ['agent', 'server'], true)
      add(`clip, ${viewers} viewers: frames received by each counter`, 'per second', ((last.frames - before.frames) / (viewers - 1) / (Date.now() - before.at)) * 1000)
      counters.kill('SIGTERM')
      await new Promise((done) => counters.once('exit', done))
    }

    await go(ann, room, 'flip')
    await settle(ann.page)
    add('click to picture, still page after video', 'ms', await clicks(trials(50)))
    await go(ann, room, 'text')
    await addUsage('scrolling text, 1 viewer', ['agent', 'xserver', 'firefox'])
    await go(ann, room, 'flip')
    await settle(ann.page)

    await ann.leave()
    await addUsage('still page, no viewer', ['agent', 'xserver', 'firefox', 'server'], true)
    if (scale === 1) report(figures)
    else console.table(figures)
  } finally {
    await server.stop()
    await pages.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
