import type { Page } from '@playwright/test'
import { expect, test } from './support/test'
import { unique } from './support/room'

interface Message {
  type: string
  payload: { moved?: { peer: string }[]; gone?: string[]; want?: boolean }
}

/** What a page says to the hub and hears from it, from its next load on. */
function listen(page: Page): { said: Message[]; heard: Message[] } {
  const said: Message[] = []
  const heard: Message[] = []
  page.on('websocket', (socket) => {
    const take = (into: Message[]) => (frame: { payload: string | Buffer }) => void into.push(JSON.parse(String(frame.payload)) as Message)
    socket.on('framesent', take(said))
    socket.on('framereceived', take(heard))
  })
  return { said, heard }
}

test('where one points the other sees it, by name, until they go elsewhere, switch it off, or leave', async ({ arrive, pages }) => {
  const ann = await (await arrive('Ann')).signUp()
  const annsWords = listen(ann.page)
  await ann.createRoom(unique('Point'), `${pages.url}/red`)
  // Their pictures have different sizes, and Ben's stands between bars.
  const guest = await arrive('Ben', { viewport: { width: 1000, height: 900 } })
  const bensWords = listen(guest.page)
  const ben = await guest.joinAsGuest(await ann.inviteLink())
  await ann.startBrowser()
  await ben.seesPicture()
  await ben.page.getByTestId('theatre').click()
  const pointer = ben.page.getByTestId('pointer')

  /** How far from where Ann points Ben sees it. A pointer that rests fades, so she moves until he has looked. */
  const points = async (x: number, y: number): Promise<void> => {
    await expect
      .poll(
        async () => {
          const at = await ann.pointOnPicture(x, y)
          await ann.page.mouse.move(at.x + 3, at.y)
          await ann.page.mouse.move(at.x, at.y)
          const want = await ben.pointOnPicture(x, y)
          const place = await pointer.evaluateAll((elements) => elements.map((element) => element.getBoundingClientRect()).map(({ left, top }) => ({ left, top })))
          return place.length === 1 && place[0] ? Math.hypot(place[0].left - want.x, place[0].top - want.y) : Infinity
        },
        { message: `Ben sees Ann point at ${x}, ${y}` },
      )
      .toBeLessThan(3)
    await expect(pointer).toHaveText('Ann')
  }
  /** The hub has said so; after some seconds of rest it would go by itself. */
  const gone = async (act: () => Promise<void>): Promise<void> => {
    const [moved] = bensWords.heard.findLast(({ payload }) => payload.moved?.length)?.payload.moved ?? []
    const before = bensWords.heard.length
    await act()
    await expect.poll(() => bensWords.heard.slice(before).some(({ type, payload }) => type === 'pointers.moved' && payload.gone?.includes(moved?.peer ?? '')), { message: 'the hub takes it away' }).toBe(true)
    await expect(pointer).toHaveCount(0)
  }

  await points(0.25, 0.3)
  await points(0.9, 0.8)
  await gone(() => ann.page.getByTestId('chat-input').hover())
  await points(0.5, 0.5)

  await ann.page.getByTestId('tab-settings').click()
  await points(0.6, 0.5)
  // Forced: the box itself is drawn by what stands beside it.
  await gone(() => ann.page.getByTestId('pointers-mine').click({ force: true }))
  const said = annsWords.said.filter(({ type }) => type === 'pointer.move').length
  const at = await ann.pointOnPicture(0.4, 0.4)
  await ann.page.mouse.move(at.x, at.y, { steps: 5 })
  await ann.page.getByTestId('pointers-mine').click({ force: true })
  expect(annsWords.said.filter(({ type }) => type === 'pointer.move')).toHaveLength(said)

  await points(0.3, 0.6)
  await ben.page.mouse.move(400, 400, { steps: 3 }) // In the theatre the tools step back when nobody moves.
  await ben.page.getByTestId('theatre').click()
  await ben.page.getByTestId('tab-settings').click()
  await ben.page.getByTestId('pointers-others').click({ force: true })
  await expect(ben.page.getByTestId('pointers')).toHaveCount(0)
  await expect.poll(() => bensWords.said.findLast(({ type }) => type === 'pointers.want')?.payload.want, { message: 'he is sent none' }).toBe(false)
  await ben.page.getByTestId('pointers-others').click({ force: true })

  await points(0.7, 0.4)
  await gone(() => ann.leave())
})

test('a hand is raised, stays up over a reload, and is lowered by its owner or by who moderates', async ({ arrive }) => {
  const ann = await (await arrive('Ann')).signUp()
  await ann.createRoom(unique('Hands'), '')
  const link = await ann.inviteLink()
  const ben = await (await arrive('Ben')).joinAsGuest(link)
  const cleo = await (await arrive('Cleo')).joinAsGuest(link)
  await ann.seesPeople('Cleo', 1)
  const own = ben.page.getByTestId('hand')
  await expect(own).toHaveAttribute('aria-pressed', 'false')
  await ben.page.keyboard.press('h')
  await expect(own).toHaveAttribute('aria-pressed', 'true')
  await expect(ann.page.getByText('Ben raised a hand')).toBeVisible()
  await expect(cleo.page.getByTestId('announce-hands')).toHaveText('Ben raised a hand')

  await cleo.page.getByTestId('hand').click()
  const rows = ann.page.getByTestId('people-item')
  await expect(rows.nth(0)).toContainText('Ben')
  await expect(rows.nth(1)).toContainText('Cleo')
  await ben.page.reload()
  await expect(own).toHaveAttribute('aria-pressed', 'true')
  await expect(rows.nth(0)).toContainText('Ben')

  await rows.nth(0).getByTestId('hand-lower').click()
  await expect(own).toHaveAttribute('aria-pressed', 'false')
  await expect(rows.nth(0)).toContainText('Cleo')
  await cleo.page.getByTestId('hand').click()
  await expect(ann.page.getByTestId('hand-lower')).toHaveCount(0)
  await expect(rows.nth(0)).toContainText('Ann')

  await ben.page.keyboard.press('h')
  await cleo.page.keyboard.press('h')
  await ann.page.getByTestId('hands-lower-all').click()
  await expect(ann.page.getByTestId('hand-lower')).toHaveCount(0)
  await expect(own).toHaveAttribute('aria-pressed', 'false')
})
