import { expect, type Browser, type BrowserContextOptions, type CDPSession, type Page } from '@playwright/test'
import type { Figures } from './figures'
import { sightOf, watchSight } from './sight'
import { test, trials, type Stage } from './stage'

type State = NonNullable<BrowserContextOptions['storageState']>

/** As Lighthouse has it for a phone: a slow fourth generation network, and a processor that is a quarter of this one. */
const network = { offline: false, latency: 150, downloadThroughput: 1_600_000 / 8, uploadThroughput: 750_000 / 8 }
const slower = 4
const phone = { viewport: { width: 412, height: 823 }, deviceScaleFactor: 1.75, isMobile: true, hasTouch: true } as const

/** Opens a page as somebody does whose browser has nothing of it, and looks on until it is there. Returns what keeps them signed in. */
async function visit(browser: Browser, figures: Map<string, [unit: string, values: number[]]>, url: string, state: State, there: (page: Page) => Promise<unknown>): Promise<State> {
  const context = await browser.newContext({ ...phone, storageState: state, bypassCSP: true })
  try {
    await context.addInitScript(watchSight)
    const page = await context.newPage()
    const tools = await context.newCDPSession(page)
    const scripts = await countScripts(tools)
    await tools.send('Network.emulateNetworkConditions', network)
    await tools.send('Emulation.setCPUThrottlingRate', { rate: slower })
    await page.goto(url)
    await there(page)
    const { first, largest, blocked, shifted } = await sightOf(page)
    const add = (name: string, unit: string, value: number): void => {
      const [, values] = figures.get(name) ?? [unit, []]
      figures.set(name, [unit, [...values, value]])
    }
    add('first contentful paint', 'ms', first)
    add('largest contentful paint', 'ms', largest)
    add('total blocking time', 'ms', blocked)
    add('cumulative layout shift', '', shifted)
    add('script', 'kB', scripts() / 1000)
    return await context.storageState()
  } finally {
    await context.close()
  }
}

/** Counts what scripts take on the wire, from now on. */
async function countScripts(tools: CDPSession): Promise<() => number> {
  const scripts = new Set<string>()
  let bytes = 0
  tools.on('Network.responseReceived', ({ requestId, type }) => type === 'Script' && scripts.add(requestId))
  tools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) bytes += encodedDataLength
  })
  await tools.send('Network.enable')
  return () => bytes
}

async function measure(stage: Stage, figures: Figures, name: string, url: string, state: State, there: (page: Page) => Promise<unknown>): Promise<State> {
  const seen = new Map<string, [unit: string, values: number[]]>()
  for (let i = 0; i < trials(5); i++) state = await visit(stage.browser, seen, url, state, there)
  for (const [what, [unit, values]] of seen) figures.add(`${name}, as a phone by Lighthouse: ${what}`, unit, values)
  return state
}

test('page', async ({ stage, figures }) => {
  await stage.show('flip')
  const bob = await stage.arrive('Bob')
  await bob.signUp()
  await bob.page.goto(stage.invite)
  await bob.page.getByTestId('join-room').click()
  await bob.seesPicture()
  let state: State = await bob.context.storageState()
  await bob.leave()
  state = await measure(stage, figures, 'the lobby', `${stage.server.url}/rooms`, state, (page) => expect(page.getByTestId('room-card').first()).toBeVisible())
  await measure(stage, figures, 'a room with its picture', stage.address, state, (page) =>
    expect.poll(() => page.getByTestId('stage-video').evaluate((video) => (video as HTMLVideoElement).videoWidth).catch(() => 0)).toBeGreaterThan(0),
  )
})
