import type { Page } from '@playwright/test'

interface Sight {
  /** Milliseconds from the navigation. */
  first: number
  largest: number
  /** What of each long task is beyond 50 ms, altogether, since something was painted. */
  blocked: number
  /** The worst session of layout shifts: at most 5 s long, with gaps of at most 1 s. */
  shifted: number
}

type Kept = typeof globalThis & { benchSight: { largest: number; tasks: PerformanceEntry[]; shifts: { at: number; value: number }[] } }

/** Installed before the page's own code: keeps what Lighthouse's figures are made of. */
export function watchSight(): void {
  const kept: Kept['benchSight'] = { largest: 0, tasks: [], shifts: [] }
  Object.assign(globalThis, { benchSight: kept })
  const observe = (type: string, take: (entry: PerformanceEntry) => void): void => {
    new PerformanceObserver((list) => { list.getEntries().forEach(take) }).observe({ type, buffered: true })
  }
  observe('largest-contentful-paint', ({ startTime }) => { kept.largest = startTime })
  observe('longtask', (entry) => { kept.tasks.push(entry) })
  observe('layout-shift', (entry) => {
    const { value, hadRecentInput } = entry as PerformanceEntry & { value: number; hadRecentInput: boolean }
    if (!hadRecentInput) kept.shifts.push({ at: entry.startTime, value })
  })
}

export async function sightOf(page: Page): Promise<Sight> {
  return page.evaluate(() => {
    const { largest, tasks, shifts } = (globalThis as Kept).benchSight
    const first = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN
    const blocked = tasks.filter(({ startTime }) => startTime >= first).reduce((sum, { duration }) => sum + duration - 50, 0)
    let [worst, sum, from, last] = [0, 0, -Infinity, -Infinity]
    for (const { at, value } of shifts) {
      if (at - last > 1000 || at - from > 5000) [sum, from] = [0, at]
      last = at
      sum += value
      worst = Math.max(worst, sum)
    }
    return { first, largest, blocked, shifted: worst }
  })
}
