import { readFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { hears, press, recordCall, seesMoving, talker } from '../e2e/support/call'
import type { Person } from '../e2e/support/room'
import { playback } from './probe'
import { scale, seconds, test } from './stage'

/** How many talk, the one with the film among them; a quick run stays with two. */
const sizes = scale < 1 ? [2] : [2, 4, 8]

interface Reading {
  /** Seconds of processor of the page's process. */
  cpu: number
  up: number
  down: number
  at: number
}

/** What a page has used and carried so far of its calls: the film's connection sends no media, and is left out. */
async function read(page: Page): Promise<Reading> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Performance.enable')
  const { metrics } = await devtools.send('Performance.getMetrics')
  await devtools.detach()
  const carried = await page.evaluate(async () => {
    const { benchPeers } = globalThis as unknown as { benchPeers: RTCPeerConnection[] }
    const sum = { up: 0, down: 0, at: performance.now() }
    for (const connection of benchPeers) {
      if (connection.connectionState !== 'connected' || !connection.getSenders().some(({ track }) => track !== null)) continue
      for (const each of (await connection.getStats()).values() as Iterable<{ type: string; bytesSent?: number; bytesReceived?: number; nominated?: boolean }>) {
        if (each.type !== 'candidate-pair' || each.nominated !== true) continue
        sum.up += each.bytesSent ?? 0
        sum.down += each.bytesReceived ?? 0
      }
    }
    return sum
  })
  return { cpu: metrics.find(({ name }) => name === 'ProcessTime')?.value ?? NaN, ...carried }
}

/** What all of the machine has done so far, and could have: in hundredths of a second, all processors together. */
function machine(): { busy: number; all: number } {
  const times = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/\s+/).slice(1).map(Number)
  const all = times.reduce((sum, time) => sum + time, 0)
  return { busy: all - (times[3] ?? 0) - (times[4] ?? 0), all } // idle, and waiting for a disk
}

/** The film on one page beside what some pages carry: its frames, and what all that takes. */
async function watch(film: Page, pages: readonly Page[], duration: number) {
  const [before, started] = [await Promise.all(pages.map(read)), machine()]
  const { framesPerSecond } = await playback(film, duration)
  const [ended, after] = [machine(), await Promise.all(pages.map(read))]
  const rates = (of: (reading: Reading) => number): number[] => after.map((reading, n) => (of(reading) - of(before[n] ?? reading)) / ((reading.at - (before[n] ?? reading).at) / 1000))
  return { framesPerSecond, machine: ((ended.busy - started.busy) / (ended.all - started.all)) * 100, cpu: rates(({ cpu }) => cpu * 100), up: rates(({ up }) => (up * 8) / 1000), down: rates(({ down }) => (down * 8) / 1000) }
}

/**
 * One of those who talk sees the film, and the others hear it: eight pages that decode it, on the machine that plays and encodes it too, would
 * measure that and not the call. Before each size of a call the same pages are watched in silence.
 */
test('calls', async ({ stage, figures }) => {
  test.setTimeout(15 * 60_000)
  const { ann } = stage
  await ann.context.grantPermissions(talker.permissions)
  const film = await stage.show('clip')
  const talking: Person[] = [ann]
  try {
    for (const size of sizes) {
      while (talking.length < size) {
        const person = await stage.arrive(`Talker ${talking.length}`, talker)
        await recordCall(person)
        await person.context.addInitScript(() => location.protocol !== 'about:' && localStorage.setItem('turtus.picture', '{"quality":"sound","seen":"auto"}'))
        await person.joinAsGuest(stage.invite)
        talking.push(person)
      }
      const pages = talking.map(({ page }) => page)
      const name = `calls of ${size}`
      for (const person of talking) for (const button of ['microphone', 'camera'] as const) if (await isOn(person, button)) await press(person, button, button === 'camera' ? 'off' : 'muted')
      const silent = await watch(film, pages, seconds(8))
      for (const person of talking) for (const button of ['microphone', 'camera'] as const) await press(person, button, 'on')
      for (const other of talking.slice(1)) await seesMoving(ann, other)
      const [first, last] = [talking[1], talking.at(-1)]
      if (first && last && first !== last) await hears(first, last)
      const talked = await watch(film, pages, seconds(12))
      figures.add(`${name}: CPU of a page with the film, nobody talks`, '% of a core', silent.cpu.slice(0, 1))
      figures.add(`${name}: CPU of a page with the film`, '% of a core', talked.cpu.slice(0, 1))
      figures.add(`${name}: CPU of a page without the film`, '% of a core', talked.cpu.slice(1))
      figures.add(`${name}: up`, 'kbit/s', talked.up)
      figures.add(`${name}: down`, 'kbit/s', talked.down)
      figures.add(`${name}: frames of the film, nobody talks`, 'per second', silent.framesPerSecond)
      figures.add(`${name}: frames of the film`, 'per second', talked.framesPerSecond)
      figures.add(`${name}: the machine, nobody talks`, '% of all cores', silent.machine)
      figures.add(`${name}: the machine`, '% of all cores', talked.machine)
    }
  } finally {
    for (const person of talking.slice(1)) await person.leave()
  }
})

const isOn = async (person: Person, button: 'microphone' | 'camera'): Promise<boolean> => (await person.page.getByTestId(button).getAttribute('data-state')) === 'on'
