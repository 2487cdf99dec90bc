import { expect, type Browser } from '@playwright/test'
import { Pages } from '../e2e/support/pages'
import { Person, unique } from '../e2e/support/room'
import { Server } from '../e2e/support/server'
import { bodies } from './content'
import type { Figures } from './figures'
import { watchStart, started } from './probe'
import { rested, usage } from './processes'
import { browsersOf } from './rooms'
import { seconds, test, trials } from './stage'

/** Rooms are started one after the other on a server of its own, each from a page that was loaded anew. */
async function starts(browser: Browser, figures: Figures, name: string, warm: number): Promise<void> {
  const pages = await Pages.start(bodies)
  const server = await Server.start({ TURTUS_LOG_LEVEL: 'info', TURTUS_WARM_BROWSERS: String(warm) })
  try {
    const ann = await Person.arrive(browser, server, 'Ann', { bypassCSP: true })
    await ann.context.addInitScript(watchStart)
    await ann.signUp()
    const room = unique('start')
    const address = await ann.createRoom(`Start ${room}`, `${pages.url}/flip?room=${room}`)
    const firstFrame: number[] = []
    const firstPage: number[] = []
    for (let i = 0; i < trials(7); i++) {
      if (warm > 0) {
        const ready = (): number => server.log.join('').split('a browser is warm').length - 1
        await expect.poll(ready, { message: 'a browser is warm', timeout: 120_000 }).toBeGreaterThan(i)
        await rested(() => browsersOf(server), 'firefox')
        if (i === 0) {
          const used = [await usage(server.pid, seconds(20))]
          for (const group of ['agent', 'firefox', 'xserver', 'sound'] as const) {
            figures.add(`a warm browser that waits: ${group} CPU`, '% of a core', used.flatMap((one) => one[group]?.cpu ?? []))
            figures.add(`a warm browser that waits: ${group} memory (PSS)`, 'MB', used.flatMap((one) => one[group]?.memory ?? []))
          }
        }
      }
      await ann.page.goto(address)
      await ann.page.getByTestId('start-browser').click()
      const times = await started(ann.page)
      firstFrame.push(times.firstFrame)
      firstPage.push(times.firstPage)
      await ann.stopBrowser()
    }
    figures.add(`${name} start: click to first frame`, 'ms', firstFrame)
    figures.add(`${name} start: click to the room's page on the picture`, 'ms', firstPage)
    await ann.leave()
  } finally {
    await server.stop()
    await pages.stop()
  }
}

test('start', async ({ browser, figures }) => {
  test.setTimeout(15 * 60_000)
  await starts(browser, figures, 'cold', 0)
  await starts(browser, figures, 'warm', 1)
})
