import type { Page } from '@playwright/test'
import { barriers, motion, overflow } from './support/axe'
import { Server } from './support/server'
import { walk } from './support/states'
import { expect, test as base } from './support/test'

/** A server of its own, whose first account is the administrator. */
const test = base.extend<{ own: Server }>({
  own: async ({}, provide) => {
    const server = await Server.start()
    await provide(server)
    await server.stop()
  },
})

/** Has the page show another theme, as when it is chosen in another tab, and waits until it is drawn. */
async function show(page: Page, scheme: 'dark' | 'light'): Promise<void> {
  await page.evaluate(async (value) => {
    localStorage.setItem('turtus.scheme', value)
    window.dispatchEvent(new StorageEvent('storage', { storageArea: localStorage, key: 'turtus.scheme', newValue: value }))
    const drawn = (): Promise<number> => new Promise((next) => requestAnimationFrame(next))
    while (document.documentElement.dataset.mantineColorScheme !== value) await drawn()
    await drawn()
    await drawn()
    await Promise.all(document.getAnimations().map(async ({ finished }) => finished))
  }, scheme)
}

// What is kept of a failure is the list of what is in the way.
test.use({ trace: 'off', screenshot: 'off' })

for (const [device, options] of [
  ['a desk', { viewport: { width: 1280, height: 800 } }],
  ['a phone', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
] as const)
  test(`nothing keeps anybody from using a page, on ${device}, in both themes`, async ({ browser, own }) => {
    test.setTimeout(600_000)
    await walk(
      browser,
      own,
      async (page, name) => {
        await show(page, 'dark')
        expect.soft(await barriers(page), `${name}, dark`).toEqual([])
        await show(page, 'light') // Its colours alone are others.
        expect.soft(await barriers(page, ['color-contrast']), `${name}, light`).toEqual([])
        expect.soft(await overflow(page), `${name}: past the edge`).toEqual([])
        expect.soft(await motion(page), `${name}: moves`).toEqual([])
      },
      options,
    )
  })

/** A language from right to left, of which there is none yet: a page that is turned around. */
const turned = (): void => {
  Object.defineProperty(HTMLElement.prototype, 'dir', {
    get(this: HTMLElement) {
      return this.getAttribute('dir') ?? ''
    },
    set(this: HTMLElement) {
      this.setAttribute('dir', 'rtl')
    },
  })
}

test('every page fits on a phone, in Japanese and from right to left', async ({ browser, own }) => {
  test.setTimeout(600_000)
  await walk(
    browser,
    own,
    async (page, name) => {
      await expect(page.locator('html')).toHaveAttribute('dir', 'rtl')
      await expect(page.locator('html')).toHaveAttribute('lang', 'ja')
      expect.soft(await overflow(page), name).toEqual([])
    },
    { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, locale: 'ja-JP' },
    turned,
  )
})

test('a room is used by keyboard alone', async ({ arrive }) => {
  const ann = await (await arrive('Ann')).signUp()
  await ann.createRoom('By keyboard', '')
  const { page } = ann
  await expect(page.getByTestId('start-browser')).toBeVisible()
  await page.getByTestId('leave-room').focus()
  await page.keyboard.press('Tab')
  const reached: string[] = []
  for (let presses = 0; presses < 80; presses++) {
    const focus = await page.evaluate(() => {
      const element = document.activeElement
      if (!element || element === document.body) return null
      const style = getComputedStyle(element)
      const box = element.getBoundingClientRect()
      // A hidden radio or tab shows its ring on what stands for it.
      const rings = [element, element.nextElementSibling, element.parentElement].some((each) => {
        if (!each) return false
        const drawn = getComputedStyle(each)
        return (drawn.outlineStyle !== 'none' && parseFloat(drawn.outlineWidth) > 0) || drawn.boxShadow !== 'none'
      })
      return { id: element.closest('[data-testid]')?.getAttribute('data-testid') ?? element.tagName, seen: style.visibility === 'visible' && box.width > 0, rings: rings || element.matches('textarea, input') }
    })
    if (focus === null) break
    expect(focus.seen, `${focus.id} has the focus and is seen`).toBe(true)
    expect(focus.rings, `${focus.id} shows that it has the focus`).toBe(true)
    if (focus.id === 'leave-room') break // once around
    reached.push(focus.id)
    await page.keyboard.press('Tab')
  }
  for (const id of ['invite-open', 'theme-toggle', 'profile-menu', 'start-browser', 'theatre', 'tab-chat', 'chat-input']) expect(reached, reached.join(' ')).toContain(id)

  await test.step('dialogs open by Enter, keep the focus, close by Escape and give it back', async () => {
    await page.getByTestId('invite-open').focus()
    await page.keyboard.press('Enter')
    await expect(page.getByRole('dialog')).toBeVisible()
    for (let presses = 0; presses < 15; presses++) {
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.closest('[role="dialog"]') !== null)).toBe(true)
    }
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(page.getByTestId('invite-open')).toBeFocused()
  })

  await test.step('what others write is said aloud', async () => {
    const ben = await (await arrive('Ben')).joinAsGuest(await ann.inviteLink())
    await ben.say('Good evening')
    await expect(page.getByTestId('announce-chat')).toContainText('Good evening')
  })
})
