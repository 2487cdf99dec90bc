import { hears, press, recordCall, seesMoving, talker } from './support/call'
import { expect, test } from './support/test'
import { unique } from './support/room'

test('the first time, microphone, camera and network are checked before the room, and never again', async ({ arrive }) => {
  const ann = await arrive('Ann', talker)
  const ben = await arrive('Ben', { ...talker, firstTime: true })
  for (const person of [ann, ben]) await recordCall(person)
  await ann.signUp()
  await ann.createRoom(unique('Check'), '')
  await press(ann, 'microphone', 'on')
  await ben.joinAsGuest(await ann.inviteLink())
  const { page } = ben

  await test.step('the network is tried without a question', async () => {
    await expect(page.getByTestId('check-path')).toHaveAttribute('data-verdict', 'direct')
    expect(await page.evaluate(() => (globalThis as unknown as { testCall: { taken: unknown[] } }).testCall.taken.length), 'no device was asked for').toBe(0)
  })

  await test.step('the camera shows a mirror that moves, the microphone a level that does', async () => {
    await page.getByTestId('check-camera').click()
    await expect.poll(() => page.getByTestId('check-mirror').evaluate((video) => (video as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames)).toBeGreaterThan(5)
    await expect(page.getByTestId('check-mirror')).toHaveAttribute('data-mirror', 'true')
    await page.getByTestId('check-microphone').click()
    await expect.poll(async () => Number(await page.getByTestId('check-level').getAttribute('aria-valuenow'))).toBeGreaterThan(10)
  })

  await test.step('they hear themselves', async () => {
    await page.getByTestId('check-echo').click()
    for (const state of ['recording', 'playing', 'idle']) await expect(page.getByTestId('check-echo')).toHaveAttribute('data-state', state)
  })

  await test.step('they enter with what is on', async () => {
    await expect(ann.page.getByTestId('bubble').filter({ hasText: 'Ben' }).locator('video'), 'nobody sees them before').toHaveCount(0)
    await page.getByTestId('check-enter').click()
    await hears(ann, ben)
    await seesMoving(ann, ben)
    await hears(ben, ann)
  })

  await test.step('who comes again is not asked', async () => {
    await page.reload()
    await expect(page.getByTestId('stage')).toBeVisible()
    await expect(page.getByTestId('check')).toHaveCount(0)
  })
})

test('push-to-talk lets somebody be heard while the key is held', async ({ arrive }) => {
  const [ann, ben] = [await arrive('Ann', talker), await arrive('Ben', talker)]
  for (const person of [ann, ben]) await recordCall(person)
  await ann.signUp()
  await ann.createRoom(unique('Push'), '')
  await ben.joinAsGuest(await ann.inviteLink())
  await ann.page.getByTestId('call-settings').click()
  await ann.page.getByTestId('push-to-talk').click()
  await ann.page.keyboard.press('Escape')
  const microphone = ann.page.getByTestId('microphone')
  await microphone.hover()
  await ann.page.mouse.down()
  await expect(microphone).toHaveAttribute('data-state', 'on')
  await hears(ben, ann)
  await ann.page.mouse.up()
  await expect(microphone).toHaveAttribute('data-state', 'muted')
  await expect(ben.page.getByTestId('bubble').filter({ hasText: 'Ann' }).getByTestId('muted-mark')).toBeVisible()
  await ann.page.keyboard.down('m')
  await hears(ben, ann)
  await ann.page.keyboard.up('m')
  await expect(microphone).toHaveAttribute('data-state', 'muted')
})
