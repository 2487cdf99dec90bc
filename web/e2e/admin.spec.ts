import { expect, test as base } from './support/test'
import { Person, unique } from './support/room'
import { Server } from './support/server'

/** A server of its own: what its administrator does here would be in the way of other tests. */
const test = base.extend<{ own: Server }>({
  own: async ({}, provide) => {
    const server = await Server.start({ TURTUS_VIEWER_TIMEOUT: '20s' })
    await provide(server)
    await server.stop()
  },
})

test('an administrator closes sign-ups, disables somebody, ends a browser, and reads it all in the audit', async ({ browser, own, pages }) => {
  const people: Person[] = []
  const arrive = async (name: string): Promise<Person> => {
    const person = await Person.arrive(browser, own, name)
    people.push(person)
    return person
  }
  const ada = await (await arrive('Ada')).signUp() // The first one is the administrator.
  const ben = await (await arrive('Ben')).signUp()
  const room = unique('killed')
  const link = await ben.createRoom(room, `${pages.url}/desk?room=${room}`)
  await ben.startBrowser()
  const eve = await (await arrive('Eve')).signUp()
  await eve.page.goto(link)
  await eve.seesPicture()

  await test.step('closed sign-ups are said to a stranger', async () => {
    await ada.page.getByTestId('profile-menu').click()
    await ada.page.getByTestId('admin-open').click()
    await ada.page.getByTestId('admin-sign-ups').click()
    await ada.page.getByTestId('sign-ups-closed').click()
    await expect(ada.page.getByTestId('sign-ups-closed')).toBeChecked()
    const stranger = await arrive('Stranger')
    await stranger.page.goto(own.url)
    await expect(stranger.page.getByText('New accounts are closed on this server.')).toBeVisible()
    await expect(stranger.page.getByTestId('welcome-signup')).toHaveCount(0)
    await stranger.page.goto(`${own.url}/sign-up`)
    await expect(stranger.page.getByTestId('signup-submit')).toBeDisabled()
  })

  await test.step('a notice reaches a page in a room and one outside, and can be dismissed', async () => {
    await ada.page.getByTestId('admin-notice').click()
    await ada.page.getByTestId('notice-text').fill('The server restarts at ten.')
    await ada.page.getByTestId('notice-show').click()
    await expect(ben.page.getByTestId('notice')).toContainText('The server restarts at ten.')
    await ben.page.getByTestId('notice-dismiss').click()
    await expect(ben.page.getByTestId('notice')).toHaveCount(0)
    await ben.page.reload()
    await ben.seesPicture()
    await expect(ben.page.getByTestId('notice')).toHaveCount(0)
    await ada.page.getByTestId('notice-end').click()
    await expect(eve.page.getByTestId('notice')).toHaveCount(0)
  })

  await test.step('who is disabled is told at once, and does not come back', async () => {
    await ada.page.getByTestId('admin-people').click()
    await ada.page.getByTestId('people-search').fill('eve')
    const rows = ada.page.getByTestId('people-row')
    await expect(rows).toHaveCount(1)
    await rows.getByTestId('person-actions').click()
    await ada.page.getByTestId('person-disable').click()
    await ada.page.getByTestId('person-confirm-confirm').click()
    await expect(eve.page.getByTestId('room-disabled')).toBeVisible()
    await expect(rows).toContainText('Disabled')
    await eve.page.reload()
    await expect(eve.page).toHaveURL(/\/sign-in/)
  })

  await test.step('a browser is seen with what it takes, and ended; its room reads by whom', async () => {
    await ada.page.getByTestId('admin-browsers').click()
    const row = ada.page.getByTestId('browsers-row').filter({ hasText: room })
    await expect(row).toContainText(/\d+ %/)
    await expect(row).toContainText(/\d\s?GB/)
    await row.getByTestId('browser-kill').click()
    await ada.page.getByTestId('browser-kill-ask-confirm').click()
    await expect(ben.page.getByText('An administrator of this server ended it.')).toBeVisible()
    await expect(row).toHaveCount(0)
  })

  await test.step('the audit has who did what to whom', async () => {
    await ada.page.getByTestId('admin-audit').click()
    const lines = ada.page.getByTestId('audit-row')
    await expect(lines.filter({ hasText: 'Browser ended' }).filter({ hasText: room })).toHaveCount(1)
    await expect(lines.filter({ hasText: 'Account disabled' }).filter({ hasText: /eve/i })).toHaveCount(1)
    await expect(lines.filter({ hasText: 'Settings changed' })).toHaveCount(1)
    await ada.page.getByTestId('audit-search').fill(room)
    await expect(lines.filter({ hasText: 'Account disabled' })).toHaveCount(0)
    await expect(lines.filter({ hasText: 'Browser ended' })).toHaveCount(1)
  })

  await test.step('on a phone tables are cards that fit, in both themes', async () => {
    await ada.page.setViewportSize({ width: 390, height: 844 })
    for (const tab of ['people', 'rooms', 'browsers', 'sign-ups', 'notice', 'audit', 'doctor']) {
      await ada.page.goto(`${own.url}/admin/${tab}`)
      await expect(ada.page.getByTestId(`admin-${tab}`)).toHaveAttribute('aria-current', 'page')
      const overflow = await ada.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      expect(overflow, `pixels past the edge of ${tab}`).toBeLessThanOrEqual(0)
    }
  })
  for (const person of people) await person.leave()
})
