import { expect, test } from './support/test'
import { unique } from './support/room'

test('a phone of 390 px opens an invite, joins, watches and chats without scrolling sideways', async ({ arrive, pages }) => {
  const room = unique('phone')
  const ann = await (await arrive('Ann')).signUp()
  await ann.createRoom(room, `${pages.url}/desk?room=${room}`)
  await ann.startBrowser()
  await ann.takeControl()
  await ann.heeded(pages, room)
  await ann.page.getByTestId('release-control').click()
  const clicks = pages.of(room, 'click').length
  const phone = await arrive('Phil', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  await phone.joinAsGuest(await ann.inviteLink())
  await phone.seesPicture()
  const overflow = await phone.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(overflow, 'pixels past the edge').toBeLessThanOrEqual(0)
  await phone.say('hello from the sofa')
  await ann.openChat()
  await expect(ann.page.getByTestId('chat-message').filter({ hasText: 'hello from the sofa' })).toHaveCount(1)
  const at = await phone.pointOnPicture(0.5, 0.6)
  await phone.page.touchscreen.tap(at.x, at.y)
  await phone.hasControl()
  await phone.page.touchscreen.tap(at.x, at.y)
  await expect.poll(() => pages.of(room, 'click').length, { message: 'a tap clicks' }).toBeGreaterThan(clicks)
})
