import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from '@playwright/test'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Found {
  violations: { id: string; impact: string | null; help: string; nodes: { target: string[]; failureSummary?: string }[] }[]
}

type WithAxe = typeof globalThis & { axe?: { run: (context: unknown, options: unknown) => Promise<Found> } }

/** What axe finds on a page that keeps somebody from using it: a line for each element. `only` are tags of rules, or rules. */
export async function barriers(page: Page, only = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']): Promise<string[]> {
  if (!(await page.evaluate(() => (globalThis as WithAxe).axe !== undefined))) await page.evaluate(source)
  const { violations } = await page.evaluate(async (runOnly) => {
    const { axe } = globalThis as WithAxe
    if (!axe) throw new Error('axe is not there')
    return await axe.run(document, { resultTypes: ['violations'], runOnly })
  }, only)
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} — ${(failureSummary ?? '').split('\n').slice(1).join('; ').trim()}`))
}

/** Pixels by which a page is wider than its window, and what stands out of it. */
export async function overflow(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const root = document.documentElement
    if (root.scrollWidth <= root.clientWidth) return []
    const outside = [...document.querySelectorAll('body *')].filter((element) => {
      const box = element.getBoundingClientRect()
      return box.width > 0 && (box.right > root.clientWidth + 1 || box.left < -1)
    })
    return [`${String(root.scrollWidth - root.clientWidth)} pixels: ${outside.slice(0, 5).map((element) => element.outerHTML.slice(0, 120)).join(' | ')}`]
  })
}

/** Animations and transitions that last although somebody asked for none. */
export async function motion(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const longest = (text: string): number => Math.max(0, ...text.split(',').map((part) => (part.trim().endsWith('ms') ? parseFloat(part) / 1000 : parseFloat(part)) || 0))
    return [...document.querySelectorAll('body *')].flatMap((element) =>
      [null, '::before', '::after'].flatMap((pseudo) => {
        const style = getComputedStyle(element, pseudo)
        const lasts = Math.max(longest(style.transitionDuration), style.animationName === 'none' ? 0 : longest(style.animationDuration))
        return lasts > 0.01 ? [`${element.outerHTML.slice(0, 100)} ${pseudo ?? ''} ${String(lasts)} s`] : []
      }),
    )
  })
}
