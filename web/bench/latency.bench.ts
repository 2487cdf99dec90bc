import type { Page } from '@playwright/test'
import type { Person } from '../e2e/support/room'
import { expect } from '@playwright/test'
import { Links } from './links'
import { clickLatency, playback } from './probe'
import { seconds, test, trials } from './stage'

/** Clicks whose spacing is at random against every clock. */
async function clicks(person: Person, count: number): Promise<number[]> {
  const at = await person.pointOnPicture(0.4, 0.5)
  const latencies: number[] = []
  for (let i = 0; i < count; i++) {
    await person.page.waitForTimeout(250 + Math.random() * 300)
    latencies.push(await clickLatency(person.page, at))
  }
  return latencies
}

test('click', async ({ stage, figures }) => {
  const page = await stage.show('flip')
  await stage.settle(page)
  figures.add('click to picture, still page', 'ms', await clicks(stage.ann, trials(100)), 99)
})

test('video', async ({ stage, figures }) => {
  const page = await stage.show('clipflip')
  await playback(page, seconds(60))
  figures.add('click to picture, during video', 'ms', await clicks(stage.ann, trials(50)), 99)
  await stage.go(stage.ann, 'flip')
  await stage.settle(page)
  figures.add('click to picture, after video', 'ms', await clicks(stage.ann, trials(50)), 99)
})

/** Fails when a picture came around the links. */
async function throughOnly(page: Page, links: Links): Promise<void> {
  const remote = await page.evaluate(async () => {
    const { benchPeers } = globalThis as unknown as { benchPeers: RTCPeerConnection[] }
    const addresses: string[] = []
    for (const peer of benchPeers) {
      if (peer.connectionState !== 'connected') continue
      const reports = [...(await peer.getStats()).values()] as { id: string; type: string; selectedCandidatePairId?: string; remoteCandidateId?: string; address?: string; port?: number }[]
      const pair = reports.find((one) => one.id === reports.find((transport) => transport.type === 'transport')?.selectedCandidatePairId)
      const candidate = reports.find((one) => one.id === pair?.remoteCandidateId)
      addresses.push(`${candidate?.address ?? ''}:${candidate?.port ?? ''}`)
    }
    return addresses
  })
  const known = await links.addresses()
  expect(remote.length, 'a connected peer connection').toBeGreaterThan(0)
  for (const address of remote) expect(known, 'the picture comes through the link').toContain(address)
}

test('loss', async ({ stage, figures }) => {
  await stage.show('flip')
  await stage.withoutAnn()
  const lou = await stage.arrive('Lou')
  const links = await Links.between(lou.context, { delayMs: 30, loss: 0.02 })
  try {
    await lou.joinAsGuest(stage.invite)
    await lou.seesPicture()
    await lou.takeControl()
    await stage.settle(lou.page)
    await throughOnly(lou.page, links)
    figures.add('click to picture, 2 % loss and 30 ms each way', 'ms', await clicks(lou, trials(100)), 99)
    await lou.page.getByTestId('release-control').click()
  } finally {
    await lou.leave()
    links.close()
  }
})

test('freezes', async ({ stage, figures }) => {
  await stage.show('clip')
  await stage.withoutAnn()
  for (const loss of [0.02, 0.05]) {
    const state = `clip at ${loss * 100} % loss`
    const lou = await stage.arrive('Lou')
    const links = await Links.between(lou.context, { delayMs: 30 })
    try {
      await lou.joinAsGuest(stage.invite)
      await lou.seesPicture()
      await playback(lou.page, seconds(3)) // What joining costs is another figure.
      await throughOnly(lou.page, links)
      await links.set({ delayMs: 30, loss })
      const before = await links.down()
      const watched = await playback(lou.page, seconds(30))
      const after = await links.down()
      figures.add(`${state}: freezes over 200 ms in 30 s`, 'count', watched.freezes)
      figures.add(`${state}: longest gap`, 'ms', watched.longestGap)
      figures.add(`${state}: frames shown`, 'per second', watched.framesPerSecond)
      figures.add(`${state}: packets really lost`, '%', ((after.lost - before.lost) / (after.received - before.received)) * 100)
    } finally {
      await lou.leave()
      links.close()
    }
  }
})
