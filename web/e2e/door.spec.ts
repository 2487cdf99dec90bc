import { expect, test } from './support/test'
import { unique } from './support/room'

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

test('strangers ask at the door: one is let in, one is not, from a desk and from a phone', async ({ arrive }) => {
  const ann = await (await arrive('Ann')).signUp()
  const title = unique('door')
  const address = await ann.createRoom(title, '')

  await test.step('the owner has people ask to enter', async () => {
    await ann.page.getByTestId('tab-settings').click()
    await ann.page.getByTestId('entry-choice').click()
    await ann.page.getByRole('option', { name: 'Ask to enter' }).click()
    await ann.page.getByTestId('settings-save').click()
    await expect(ann.page.getByTestId('room-privacy')).toHaveAttribute('aria-label', /Ask to enter/)
  })

  const ask = async (name: string, options?: typeof phone) => {
    const stranger = await arrive(name, options)
    await stranger.page.goto(address)
    await expect(stranger.page.getByTestId('door-title')).toHaveText(title)
    await stranger.page.getByTestId('guest-name').fill(name)
    await stranger.page.getByTestId('ask-to-enter').click()
    await expect(stranger.page.getByTestId('door-waiting')).toContainText(name)
    const overflow = await stranger.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    expect(overflow, 'pixels past the edge').toBeLessThanOrEqual(0)
    return stranger
  }

  await test.step('somebody on a phone asks, is seen, and comes in by themself when the owner opens', async () => {
    const phil = await ask('Phil', phone)
    await expect(ann.page.getByTestId('door-request')).toContainText('Phil asks to come in')
    await expect(ann.page.getByTestId('door-count')).toHaveText('1')
    await ann.page.getByTestId('door-request').getByTestId('let-in').click()
    await expect(phil.page.getByTestId('room-heading')).toHaveText(title)
    await expect(ann.page.getByTestId('door-request')).toHaveCount(0)
    await expect(ann.page.getByTestId('people-count')).toHaveAttribute('data-count', '2')
    await phil.page.reload()
    await expect(phil.page.getByTestId('room-heading'), 'who was let in need not ask again').toHaveText(title)
  })

  await test.step('another is told “Not now”, and asks again in a while', async () => {
    const kim = await ask('Kim')
    await ann.page.getByTestId('door-request').getByTestId('not-let-in').click()
    await expect(kim.page.getByTestId('door-not-now')).toBeVisible()
    await expect(kim.page.getByTestId('ask-again')).toBeDisabled()
    await kim.page.reload()
    await kim.page.getByTestId('ask-to-enter').click()
    await expect(kim.page.getByTestId('door-not-now'), 'a reload is no way round').toBeVisible()
    await expect(ann.page.getByTestId('door-request')).toHaveCount(0)
  })

  await test.step('who leaves the door asks no more', async () => {
    const lou = await ask('Lou')
    await expect(ann.page.getByTestId('door-request')).toContainText('Lou')
    await lou.page.getByTestId('leave-door').click()
    await expect(ann.page.getByTestId('door-request')).toHaveCount(0)
  })
})
