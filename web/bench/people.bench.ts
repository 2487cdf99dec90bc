import { expect, type Page } from '@playwright/test'
import { Counters } from './counters'
import { playback } from './probe'
import { seconds, test } from './stage'

const seats = 200
/** So many of them leave and others come while it is measured. */
const restless = 20

/** What is beyond 50 ms of tasks on the page's main thread, in ms a second, and the longest of them, while something goes on. */
async function longTasks<T>(page: Page, during: () => Promise<T>): Promise<{ result: T; blocked: number; longest: number }> {
  await page.evaluate(() => {
    const tasks: number[] = []
    Object.assign(globalThis, { benchTasks: { since: performance.now(), tasks } })
    new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) tasks.push(duration) }).observe({ type: 'longtask' })
  })
  const result = await during()
  const { blocked, longest } = await page.evaluate(() => {
    const { since, tasks } = (globalThis as unknown as { benchTasks: { since: number; tasks: number[] } }).benchTasks
    return { blocked: (tasks.reduce((sum, duration) => sum + duration - 50, 0) / (performance.now() - since)) * 1000, longest: Math.max(0, ...tasks) }
  })
  return { result, blocked, longest }
}

test('people', async ({ stage, figures }) => {
  const page = await stage.show('clip')
  await page.getByTestId('tab-people').click()
  const count = page.getByTestId('people-count')
  const measure = async (state: string, during: (span: number) => Promise<unknown>): Promise<void> => {
    const span = seconds(20)
    const { result: [film], blocked, longest } = await longTasks(page, () => Promise.all([playback(page, span), during(span)]))
    figures.add(`${state}: frames of the film`, 'per second', film.framesPerSecond)
    figures.add(`${state}: longest gap between them`, 'ms', film.longestGap)
    figures.add(`${state}: page blocked`, 'ms a second', blocked)
    figures.add(`${state}: longest task`, 'ms', longest)
  }
  await playback(page, seconds(3))
  await measure('one in the list', () => Promise.resolve())
  const staying = Counters.sit(stage.invite, seats - restless)
  let going = Counters.sit(stage.invite, restless)
  try {
    await expect(count).toHaveAttribute('data-count', String(seats + 1), { timeout: 120_000 })
    await expect(page.getByTestId('people-item')).toHaveCount(seats + 1)
    await measure(`${seats} in the list`, () => Promise.resolve())
    await measure(`${seats} in the list, ${restless} of them change`, async () => {
      await going.leave()
      going = Counters.sit(stage.invite, restless)
      await expect(count).toHaveAttribute('data-count', String(seats + 1))
    })
  } finally {
    await staying.leave()
    await going.leave()
  }
})
