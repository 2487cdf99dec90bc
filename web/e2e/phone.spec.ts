import type { Pages } from './support/pages'
import { expect, test } from './support/test'
import { unique, type Person } from './support/room'
import { Touch } from './support/touch'

const upright = { width: 390, height: 844 }
const device = { viewport: upright, hasTouch: true, isMobile: true }
/** What an on-screen keyboard leaves of that, where the page is made smaller for it. */
const withKeyboard = { width: 390, height: 500 }

test('a phone of 390 px opens an invite, joins, watches and chats without scrolling sideways', async ({ arrive, pages }) => {
  const room = unique('phone')
  const ann = await (await arrive('Ann')).signUp()
  await ann.createRoom(room, `${pages.url}/desk?room=${room}`)
  await ann.startBrowser()
  await ann.takeControl()
  await ann.heeded(pages, room)
  await ann.page.getByTestId('release-control').click()
  const clicks = pages.of(room, 'click').length
  const phone = await arrive('Phil', device)
  await phone.joinAsGuest(await ann.inviteLink())
  await phone.seesPicture()
  const overflow = await phone.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(overflow, 'pixels past the edge').toBeLessThanOrEqual(0)
  await phone.say('hello from the sofa')
  await ann.openChat()
  await expect(ann.page.getByTestId('chat-message').filter({ hasText: 'hello from the sofa' })).toHaveCount(1)
  await phone.page.getByTestId('chat-input').focus()
  await phone.page.setViewportSize(withKeyboard)
  await expect(phone.page.getByTestId('chat-input'), 'the composer is above the keyboard').toBeInViewport({ ratio: 1 })
  await expect(phone.page.getByTestId('stage'), 'and the picture too').toBeInViewport({ ratio: 1 })
  await phone.page.setViewportSize(upright)
  const at = await phone.pointOnPicture(0.5, 0.6)
  await phone.page.touchscreen.tap(at.x, at.y)
  await phone.hasControl()
  await phone.page.touchscreen.tap(at.x, at.y)
  await expect.poll(() => pages.of(room, 'click').length, { message: 'a tap clicks' }).toBeGreaterThan(clicks)
})

test('fingers drive the streamed Firefox: touch, trackpad, zoom and the phone’s keyboard', async ({ arrive, pages }) => {
  const room = unique('fingers')
  const phone = await (await arrive('Phil', device)).signUp()
  const { page } = phone
  await phone.createRoom(room, `${pages.url}/fingers?room=${room}`)
  await phone.startBrowser()
  const fingers = await Touch.on(page)
  const on = (x: number, y: number): Promise<{ x: number; y: number }> => phone.pointOnPicture(x, y)
  await fingers.tap(await on(0.5, 0.6))
  await phone.hasControl()
  await heedsTaps(phone, fingers, pages, room)
  const last = (type: string): number[] => (pages.of(room, type).at(-1)?.detail ?? '').split(',').map(Number)

  // A tap is a click where the finger is, in a window that is as wide as the screen.
  const [, , wide = 0] = last('click')
  await fingers.tap(await on(0.25, 0.6))
  await expect.poll(() => (last('click')[0] ?? 0) / wide, { message: 'a click under the finger' }).toBeCloseTo(0.25, 1)

  // One finger scrolls the page with it.
  await fingers.drag([await on(0.5, 0.9), await on(0.5, 0.3)])
  await expect.poll(() => last('scroll')[0] ?? 0, { message: 'the page scrolled down' }).toBeGreaterThan(100)

  // A long press is the menu's button.
  const menus = (): number => pages.of(room, 'contextmenu').length
  await fingers.down(await on(0.5, 0.6))
  await expect(page.getByTestId('touch-held'), 'the press is long enough').toBeVisible()
  await fingers.up()
  await expect.poll(menus, { message: 'a long press opens the menu' }).toBe(1)

  // The picture becomes larger between two fingers, and a tap still clicks what is under it.
  const middle = await on(0.5, 0.5)
  const apart = (by: number): { x: number; y: number }[] => [{ x: middle.x - by, y: middle.y }, { x: middle.x + by, y: middle.y }]
  const [a1, b1] = apart(30) as [typeof middle, typeof middle]
  const [a2, b2] = apart(90) as [typeof middle, typeof middle]
  const width = (): Promise<number> => page.getByTestId('stage-video').evaluate((video) => video.getBoundingClientRect().width)
  await fingers.drag([a1, a2], [b1, b2])
  await expect.poll(width, { message: 'a pinch zooms' }).toBeGreaterThan(upright.width * 1.8)
  await fingers.tap(await on(0.4, 0.6))
  await expect.poll(() => (last('click')[0] ?? 0) / wide, { message: 'a click in the larger picture' }).toBeCloseTo(0.4, 1)
  await page.getByTestId('zoom-reset').tap()
  await expect.poll(width).toBeCloseTo(upright.width, 0)

  // The trackpad moves a pointer that is drawn, and two fingers are its right button.
  await page.getByTestId('touch-mode').getByText('Trackpad').click()
  await expect(page.getByTestId('touch-pointer')).toBeAttached()
  await fingers.drag([await on(0.3, 0.5), await on(0.6, 0.5)])
  await expect.poll(() => last('move')[0] ?? 0, { message: 'the pointer went right from where the last tap was' }).toBeGreaterThan(wide * 0.5)
  await fingers.tap(await on(0.3, 0.5), await on(0.6, 0.5))
  await expect.poll(menus, { message: 'two fingers open the menu' }).toBe(2)
  const before = last('scroll')[0] ?? 0
  await fingers.drag([await on(0.3, 0.3), await on(0.3, 0.7)], [await on(0.6, 0.3), await on(0.6, 0.7)])
  await expect.poll(() => last('scroll')[0] ?? 0, { message: 'two fingers scroll back up' }).toBeLessThan(before)

  // The keyboard comes when it is asked for; what a phone's keyboard makes arrives as text.
  const field = page.getByTestId('stage-keyboard')
  await expect(field).toHaveAttribute('inputmode', 'none')
  // By the mouse: a finger right after two were lifted was once not taken for a tap.
  await page.getByTestId('touch-mode').getByText('Touch').click()
  await expect(page.getByTestId('touch-pointer')).toHaveCount(0)
  await fingers.tap(await on(0.5, 0.25))
  await page.getByTestId('phone-keyboard').tap()
  await expect(field).toHaveAttribute('inputmode', 'text')
  await expect(field).toBeFocused()
  const text = (): string => pages.of(room, 'text').at(-1)?.detail ?? ''
  for (const word of ['turtle ', '亀の', '🐢']) await page.keyboard.insertText(word)
  await expect.poll(text, { message: 'what was typed' }).toBe('turtle 亀の🐢')
  await page.keyboard.press('Backspace')
  await expect.poll(text, { message: 'a backspace takes all of an emoji' }).toBe('turtle 亀の')
  await page.getByTestId('key-control').tap()
  await page.keyboard.insertText('a')
  await page.keyboard.insertText('x')
  await expect.poll(text, { message: 'Control and A, then a letter instead of all' }).toBe('x')
  await page.setViewportSize(withKeyboard)
  await expect(page.getByTestId('key-row'), 'the row of keys is above the keyboard').toBeInViewport({ ratio: 1 })
  await expect(page.getByTestId('stage')).toBeInViewport({ ratio: 1 })
  await page.setViewportSize(upright)
  await expect(field, 'the phone put its keyboard away').toHaveAttribute('inputmode', 'none')
})

/** What people do in the first moments of a page, Firefox keeps from its script. */
async function heedsTaps(phone: Person, fingers: Touch, pages: Pages, room: string): Promise<void> {
  await expect
    .poll(
      async () => {
        await fingers.tap(await phone.pointOnPicture(0.5, 0.6))
        return pages.of(room, 'click').length
      },
      { message: 'the page heeds taps', timeout: 60_000 },
    )
    .toBeGreaterThan(0)
}
