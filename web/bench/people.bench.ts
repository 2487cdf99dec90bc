import { expect, type CDPSession } from '@playwright/test'
import { Counters } from './counters'
import { playback } from './probe'
import { seconds, test } from './stage'

const seats = 200
/** So many of them leave and others come while it is measured. */
const restless = 20

/** How long the page's main thread has worked since its start, in seconds. */
async function worked(tools: CDPSession): Promise<number> {
  const { metrics } = await tools.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN
}

test('people', async ({ stage, figures }) => {
  const page = await stage.show('clip')
  const tools = await page.context().newCDPSession(page)
  await tools.send('Performance.enable')
  const count = page.getByTestId('people-count')
  const measure = async (state: string, during: () => Promise<unknown> = () => Promise.resolve()): Promise<void> => {
    const span = seconds(12)
    const before = await worked(tools)
    const [film] = await Promise.all([playback(page, span), during()])
    figures.add(`${state}: the page's main thread`, '% of a core', ((await worked(tools)) - before) / span * 100)
    figures.add(`${state}: frames of the film`, 'per second', film.framesPerSecond)
  }
  await page.getByTestId('tab-people').click()
  await playback(page, seconds(3))
  await measure('one in the list')
  const staying = Counters.sit(stage.invite, seats - restless)
  let going = Counters.sit(stage.invite, restless)
  try {
    await expect(count).toHaveAttribute('data-count', String(seats + 1), { timeout: 120_000 })
    await expect(page.getByTestId('people-item')).toHaveCount(seats + 1)
    await measure(`${seats} in the list`)
    await measure(`${seats} in the list, ${restless} of them change`, async () => {
      await going.leave()
      going = Counters.sit(stage.invite, restless)
      await expect(count).toHaveAttribute('data-count', String(seats + 1))
    })
    await page.getByTestId('tab-chat').click()
    await measure(`${seats} in the room, the list not open`)
  } finally {
    await staying.leave()
    await going.leave()
  }
})
