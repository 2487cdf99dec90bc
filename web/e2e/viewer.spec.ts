import type { Page } from '@playwright/test'
import { expect, test } from './support/test'
import { Pages } from './support/pages'
import { heardEvents, unique } from './support/room'
import { listen } from './support/video'

const layers = async (page: Page): Promise<unknown[]> => (await heardEvents(page)).filter(({ type }) => type === 'statistics').map(({ payload }) => payload.layer)

test('one who only listens gets the sound and no picture, also after a reload, and the picture again by a click', async ({ arrive, pages }) => {
  const room = unique('radio')
  const ann = await (await arrive('Ann')).signUp()
  await ann.createRoom(room, `${pages.url}/tone?room=${room}`)
  await ann.startBrowser()
  const { page } = ann
  await page.getByTestId('more').click()
  await page.getByTestId('quality').click()
  await page.getByTestId('quality-sound').click()
  await expect(page.getByTestId('sound-only')).toBeVisible()
  await expect.poll(async () => (await layers(page)).at(-1), { message: 'the agent sends no picture' }).toBe('none')

  await page.reload()
  await expect(page.getByTestId('sound-only')).toBeVisible()
  await expect.poll(async () => (await listen(page)).energy, { message: 'the tone is heard' }).toBeGreaterThan(0.05)
  await expect.poll(() => page.getByTestId('stage-video').evaluate((video) => (video as HTMLVideoElement).currentTime), { message: 'the page plays it' }).toBeGreaterThan(0)

  await page.getByTestId('show-picture').click()
  await ann.seesPicture()
  await expect(page.getByTestId('stage')).toHaveAttribute('data-live')
  await expect.poll(async () => (await layers(page)).at(-1)).toBe('high')

  await test.step('a page that nobody sees gets no picture, until it is seen again', async () => {
    const show = (hidden: boolean): Promise<void> =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    await show(true)
    await expect.poll(async () => (await layers(page)).at(-1)).toBe('none')
    await show(false)
    await expect.poll(async () => (await layers(page)).at(-1)).toBe('high')
  })
})

test('the clipboard goes from the one in control into the browser, and back', async ({ arrive }) => {
  const words = 'Grüße, 海龟 🐢'
  const room = unique('paste')
  const pages = await Pages.start({
    '/paste': `<textarea style="position:fixed;inset:0;width:100%;height:100%"></textarea><script>
      const field = document.querySelector('textarea'); field.oninput = () => report('typed', field.value); field.onfocus = () => report('focus'); report('ready')</script>`,
  })
  try {
    const ann = await (await arrive('Ann')).signUp()
    await ann.createRoom(room, `${pages.url}/paste?room=${room}`)
    await ann.startBrowser()
    const { page } = ann
    await ann.takeControl()
    await ann.heeded(pages, room)
    await ann.clickPicture()
    await expect.poll(() => pages.of(room, 'focus').length, { message: 'the field of the page is clicked' }).toBeGreaterThan(0)
    await page.evaluate((text) => navigator.clipboard.writeText(text), words)
    await page.keyboard.press('Control+v')
    await expect.poll(() => pages.of(room, 'typed').at(-1)?.detail, { message: 'the page gets what Ann had on her clipboard' }).toBe(words)

    await page.keyboard.type('!')
    await expect.poll(() => pages.of(room, 'typed').at(-1)?.detail).toBe(`${words}!`)
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Control+c')
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText()), { message: 'Ann gets what was copied there' }).toBe(`${words}!`)
  } finally {
    await pages.stop()
  }
})
