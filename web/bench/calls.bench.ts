import type { Page } from '@playwright/test'
import { hears, press, recordCall, seesMoving, talker } from '../e2e/support/call'
import type { Person } from '../e2e/support/room'
import { playback } from './probe'
import { scale, seconds, test } from './stage'

/** How many talk; a quick run stays with two, for eight encode 56 cameras on one machine. */
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
    const { testCall } = globalThis as unknown as { testCall: { connections: RTCPeerConnection[] } }
    const sum = { up: 0, down: 0, at: performance.now() }
    for (const connection of testCall.connections) {
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

test('calls', async ({ stage, figures }) => {
  test.setTimeout(15 * 60_000)
  const film = await stage.show('clip')
  const alone = await playback(film, seconds(8))
  figures.add('calls, nobody talks: frames of the film', 'per second', alone.framesPerSecond)
  const talking: Person[] = []
  try {
    for (const size of sizes) {
      while (talking.length < size) {
        const person = await stage.arrive(`Talker ${talking.length + 1}`, talker)
        await recordCall(person)
        await person.joinAsGuest(stage.invite)
        await person.seesPicture()
        await press(person, 'microphone', 'on')
        await press(person, 'camera', 'on')
        talking.push(person)
      }
      const [first, last] = [talking[0], talking.at(-1)]
      if (!first || !last) throw new Error('nobody talks')
      await hears(first, last)
      await seesMoving(first, last)
      const name = `calls of ${size}`
      const before = await Promise.all(talking.map(({ page }) => read(page)))
      const watched = await playback(film, seconds(12))
      const after = await Promise.all(talking.map(({ page }) => read(page)))
      const rates = (of: (reading: Reading) => number): number[] => after.map((reading, n) => (of(reading) - of(before[n] ?? reading)) / ((reading.at - (before[n] ?? reading).at) / 1000))
      figures.add(`${name}: CPU of a page, with the film`, '% of a core', rates(({ cpu }) => cpu * 100))
      figures.add(`${name}: up`, 'kbit/s', rates(({ up }) => (up * 8) / 1000))
      figures.add(`${name}: down`, 'kbit/s', rates(({ down }) => (down * 8) / 1000))
      figures.add(`${name}: frames of the film`, 'per second', watched.framesPerSecond)
    }
  } finally {
    for (const person of talking) await person.leave()
  }
})
