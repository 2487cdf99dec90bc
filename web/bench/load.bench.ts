import { expect } from '@playwright/test'
import { captured } from './agent'
import { clip } from './clip'
import { Counters } from './counters'
import { firstFrame, playback } from './probe'
import { Meter, rested, usage } from './processes'
import { seconds, test, trials } from './stage'

test('join', async ({ stage, figures }) => {
  await stage.settle(await stage.show('flip'))
  const joins: { fromNavigation: number; fromRequest: number }[] = []
  for (let i = 0; i < trials(11); i++) {
    const ben = await stage.arrive('Ben')
    await ben.joinAsGuest(stage.invite)
    await ben.seesPicture()
    await ben.page.reload()
    joins.push(await firstFrame(ben.page))
    await ben.leave()
  }
  figures.add('join: stream asked for to first frame', 'ms', joins.map((join) => join.fromRequest))
  figures.add('join: page opened to first frame', 'ms', joins.map((join) => join.fromNavigation))
})

test('still', async ({ stage, figures }) => {
  const page = await stage.show('flip')
  await stage.settle(page)
  await rested(stage.server.pid, 'agent')
  await stage.measure(figures, 'still page, one viewer', ['agent', 'xserver', 'firefox', 'sound', 'server'], { memory: true, window: 8 })
  figures.add('still page, one viewer: on the wire', 'kB/s', (await playback(page, seconds(10))).bytesPerSecond / 1000)
})

test('nobody', async ({ stage, figures }) => {
  await stage.settle(await stage.show('flip'))
  await stage.withoutAnn()
  await rested(stage.server.pid, 'agent')
  await stage.measure(figures, 'still page, nobody watching', ['agent', 'xserver', 'firefox', 'sound', 'server'], { memory: true, window: 8 })
})

test('text', async ({ stage, figures }) => {
  const page = await stage.show('text')
  await playback(page, seconds(3))
  await stage.measure(figures, 'scrolling text, one viewer', ['agent', 'xserver', 'firefox'])
  const watched = await playback(page, seconds(4))
  figures.add('scrolling text, one viewer: frames shown', 'per second', watched.framesPerSecond)
  figures.add('scrolling text, one viewer: on the wire', 'kB/s', watched.bytesPerSecond / 1000)
})

test('clip', async ({ stage, figures }) => {
  const page = await stage.show('clip')
  await playback(page, seconds(3))
  await stage.measure(figures, 'clip, one viewer', ['agent', 'xserver', 'firefox', 'server'], { memory: true })
  const watched = await playback(page, seconds(8))
  figures.add('clip, one viewer: frames shown', 'per second', watched.framesPerSecond)
  figures.add('clip, one viewer: longest gap', 'ms', watched.longestGap)
  figures.add('clip, one viewer: on the wire', 'kB/s', watched.bytesPerSecond / 1000)

  // Parts of the clip differ by more than ten viewers cost: so in pairs, by turns, and each over the whole clip.
  const whole = seconds(clip.frames / clip.rate)
  const agent = async (): Promise<number> => (await usage(stage.server.pid, whole)).agent?.cpu ?? NaN
  const further = []
  for (let i = 0; i < trials(3); i++) {
    const alone = await agent()
    const counters = await Counters.join(stage.invite, 10)
    try {
      further.push(((await agent()) - alone) / 10)
      if (i > 0) continue
      const before = await counters.line()
      await stage.measure(figures, 'clip, eleven viewers', ['agent', 'server'], { memory: true })
      const after = await counters.line()
      figures.add('clip, eleven viewers: whole frames of each counter', 'per second',
        after.totals.each.map((frames, index) => ((frames - (before.totals.each[index] ?? 0)) / (after.at - before.at)) * 1000))
    } finally {
      await counters.leave()
    }
  }
  figures.add('clip, each further viewer: agent CPU', '% of a core', further)
})

test('crowd', async ({ stage, figures }) => {
  // Two hundred handshakes in ten seconds on the machine that is to play the film: they come first, to a still page.
  await stage.show('flip')
  const counters = await Counters.join(stage.invite, 200)
  try {
    await stage.show('clip')
    await stage.withoutAnn() // No decoding beside it: the two cores are for the agent and those who count.
    const frames = { at: NaN, count: NaN }
    await expect.poll(async () => {
      const before = { ...frames }
      Object.assign(frames, { count: await captured(stage.server), at: performance.now() })
      return ((frames.count - before.count) / (frames.at - before.at)) * 1000
    }, { message: 'the film plays', intervals: [4000], timeout: 120_000 }).toBeGreaterThan(0.95 * clip.rate)
    const meter = new Meter(counters.pid)
    const before = await counters.line()
    const first = await captured(stage.server)
    await stage.measure(figures, '200 viewers of the clip', ['agent', 'server'], { memory: true, windows: 2, window: 8 })
    const after = await counters.line()
    const made = (await captured(stage.server)) - first
    const each = after.totals.each.map((frames, index) => frames - (before.totals.each[index] ?? 0))
    const span = (after.at - before.at) / 1000
    figures.add('200 viewers of the clip: frames delivered', '%', (each.reduce((sum, frames) => sum + Math.min(frames, made), 0) / each.length / made) * 100)
    figures.add('200 viewers of the clip: frames captured', 'per second', made / span)
    figures.add('200 viewers of the clip: whole frames of each', 'per second', each.map((frames) => frames / span))
    figures.add('200 viewers of the clip: broken frames', 'count', after.totals.broken - before.totals.broken)
    figures.add('200 viewers of the clip: on the wire', 'MB/s', (after.totals.bytes - before.totals.bytes) / span / 1e6)
    figures.add('200 viewers of the clip: CPU of the counters themselves', '% of a core', meter.read())
  } finally {
    await counters.leave()
  }
})
