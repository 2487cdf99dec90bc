import { chromium, expect, test, type Page } from '@playwright/test'
import { chromiumArgs } from './playwright.config'
import { Pages } from './support/pages'
import { Person, unique } from './support/room'
import { freePort, Server } from './support/server'
import { expectColour, red } from './support/video'

/** How the page's connections reach their servers: 'tls' through TURN over TLS. */
const relayProtocols = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const found: string[] = []
    for (const connection of (window as unknown as { connections: RTCPeerConnection[] }).connections) {
      const stats = (await connection.getStats()) as unknown as Map<string, { type: string; state?: string; nominated?: boolean; localCandidateId: string; relayProtocol?: string }>
      for (const pair of stats.values()) {
        if (pair.type === 'candidate-pair' && pair.nominated && pair.state === 'succeeded') found.push(stats.get(pair.localCandidateId)?.relayProtocol ?? 'none')
      }
    }
    return found
  })

test('over HTTPS the first account is made by the link in the log, and the picture comes where nothing but that port is open', async () => {
  const [https, relay] = [await freePort(), await freePort()]
  // A proxy that is trusted makes the server one that strangers reach.
  const server = await Server.start({
    TURTUS_TLS: 'self-signed',
    TURTUS_HTTPS_ADDR: `localhost:${https}`,
    TURTUS_HTTP_ADDR: 'off',
    TURTUS_RELAY_PORT: String(relay),
    TURTUS_TRUSTED_PROXIES: '127.0.0.1',
  })
  const pages = await Pages.start()
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...chromiumArgs, '--ignore-certificate-errors'] })
  try {
    const ann = await Person.arrive(browser, server, 'Ann')
    const { page } = ann
    await ann.context.addInitScript(() => {
      const opened: RTCPeerConnection[] = []
      Object.assign(window, { connections: opened })
      // As behind a firewall that lets out TLS alone.
      const narrow = (c: RTCConfiguration = {}): RTCConfiguration => ({
        ...c,
        iceTransportPolicy: 'relay',
        iceServers: (c.iceServers ?? []).map((s) => ({ ...s, urls: [s.urls].flat().filter((url) => url.startsWith('turns:')) })).filter((s) => s.urls.length > 0),
      })
      window.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(c?: RTCConfiguration) {
          super(narrow(c))
          opened.push(this)
        }
        override setConfiguration(c?: RTCConfiguration): void {
          super.setConfiguration(narrow(c))
        }
      }
    })
    const link = (): string => /https:\/\/localhost:\d+\/setup#token=\w{26}/.exec(server.log.join(''))?.[0] ?? ''
    await expect.poll(link, { message: 'the log shows a link' }).not.toBe('')
    await page.goto(link())
    await expect(page.getByTestId('setup-token-there')).toBeVisible()
    expect(page.url()).not.toContain('token')
    await page.getByTestId('signup-username').fill('ann')
    await page.getByTestId('signup-password').fill('a long enough password')
    await page.getByTestId('signup-submit').click()
    await expect(page).toHaveURL(/\/rooms/)
    expect(await page.evaluate(() => (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).nextHopProtocol)).toBe('h2')

    const room = unique('tls')
    await ann.createRoom(room, `${pages.url}/red?room=${room}`)
    await ann.startBrowser()
    await expectColour(page, red, 'the picture comes')
    expect(await relayProtocols(page)).toContain('tls')
  } finally {
    await browser.close()
    await pages.stop()
    await server.stop()
  }
})
