import { expect, type Browser, type BrowserContextOptions, type Page } from '@playwright/test'
import { Person, unique } from './room'
import type { Server } from './server'

/** What is done with each state of the pages. */
export type Look = (page: Page, name: string) => Promise<void>

/**
 * Walks through the pages and their main states on a server of its own, the first of whose accounts administers it: everything
 * that needs no running browser. `before` runs in each page before its own scripts.
 */
export async function walk(browser: Browser, server: Server, look: Look, options: BrowserContextOptions = {}, before?: () => void): Promise<void> {
  const people: Person[] = []
  const arrive = async (name: string, more: Parameters<typeof Person.arrive>[3] = {}): Promise<Person> => {
    const person = await Person.arrive(browser, server, name, { reducedMotion: 'reduce', ...options, ...more })
    people.push(person)
    if (before) await person.context.addInitScript(before)
    return person
  }
  const ann = await (await arrive('Ann')).signUp()
  const { page } = ann
  const at = async (path: string, name: string, ready: string, who = page): Promise<void> => {
    await who.goto(`${server.url}${path}`)
    await expect(who.getByTestId(ready)).toBeVisible()
    await look(who, name)
  }

  const stranger = await arrive('Stranger')
  await at('/', 'welcome', 'welcome-signup', stranger.page)
  await at('/sign-in', 'sign in', 'theme-toggle', stranger.page)
  await at('/sign-up', 'sign up', 'signup-submit', stranger.page)
  await stranger.page.getByTestId('signup-username').fill('x')
  await stranger.page.getByTestId('signup-password').fill('short')
  await stranger.page.getByTestId('signup-submit').click()
  await look(stranger.page, 'sign up with mistakes')
  await at('/reset', 'reset', 'theme-toggle', stranger.page)
  await at('/nowhere', 'not found', 'not-found', stranger.page)
  await at('/i/AAAAAAAAAAAAAAAAAAAAAA', 'a link that is wrong', 'theme-toggle', stranger.page)

  await at('/rooms', 'no rooms', 'new-room')
  await page.getByTestId('new-room').click()
  await page.getByTestId('room-options').click()
  await expect(page.getByTestId('room-start-page')).toBeVisible()
  await look(page, 'a new room')
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('room-start-page')).toHaveCount(0)
  const title = unique('Movies')
  const room = await ann.createRoom(title, '')
  await expect(page.getByTestId('start-browser')).toBeVisible()
  await look(page, 'a room')
  const invite = await ann.inviteLink()
  await page.getByTestId('invite-open').click()
  await expect(page.getByTestId('invite-link')).toHaveValue(/\/i\//)
  await page.getByTestId('invite-options').click()
  await look(page, 'inviting')
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('invite-link')).toHaveCount(0)

  await stranger.page.goto(invite)
  await expect(stranger.page.getByTestId('guest-name')).toBeVisible()
  await look(stranger.page, 'an invite')
  const ben = await (await arrive('Ben')).joinAsGuest(invite)
  await expect(ben.page.getByTestId('room')).toBeVisible()
  await ben.page.getByTestId('tab-chat').click()
  const say = async (who: Person, text: string): Promise<void> => {
    await who.page.getByTestId('chat-input').fill(text)
    await who.page.keyboard.press('Enter')
  }
  await say(ann, 'Is everybody here? https://example.org/a')
  await expect(ben.page.getByTestId('chat-message')).toHaveCount(1)
  await say(ben, `Here, @Ann, with a word of fifty letters: ${'unbreakable'.repeat(5)}`)
  await expect(page.getByTestId('chat-message')).toHaveCount(2)
  await look(page, 'chat')
  await look(ben.page, 'chat of a guest')
  await page.getByTestId('emoji-open').click()
  await expect(page.getByTestId('emoji-picker')).toBeVisible()
  await look(page, 'emoji')
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('emoji-picker')).toHaveCount(0)
  await page.getByTestId('tab-people').click()
  await expect(page.getByTestId('people-item')).toHaveCount(2)
  await look(page, 'people')
  await page.getByTestId('person-menu').click()
  await expect(page.getByTestId('remove-person')).toBeVisible()
  await look(page, "a person's menu")
  await page.getByTestId('ban-person').click()
  await expect(page.getByTestId('ban-reason')).toBeVisible()
  await look(page, 'a ban')
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('ban-reason')).toHaveCount(0)
  await page.getByTestId('tab-settings').click()
  await expect(page.getByTestId('settings-title')).toBeVisible()
  await look(page, "the room's settings")
  await page.getByTestId('delete-room').click()
  await expect(page.getByTestId('delete-room-confirm')).toBeVisible()
  await look(page, 'deleting a room')
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('delete-room-confirm')).toHaveCount(0)
  const checking = await (await arrive('Cleo', { firstTime: true })).joinAsGuest(invite)
  await expect(checking.page.getByTestId('check-enter')).toBeVisible()
  await look(checking.page, 'the check before a room')

  await page.getByTestId('entry-choice').click()
  await page.getByRole('option').nth(1).click() // to ask, in any language
  const saved = page.waitForResponse((answer) => answer.request().method() === 'PATCH' && answer.ok())
  await page.getByTestId('settings-save').click()
  await saved
  await stranger.page.goto(room)
  await expect(stranger.page.getByTestId('door-title')).toHaveText(title)
  await look(stranger.page, 'the door')
  await stranger.page.getByTestId('guest-name').fill('Stranger')
  await stranger.page.getByTestId('ask-to-enter').click()
  await expect(stranger.page.getByTestId('door-waiting')).toBeVisible()
  await look(stranger.page, 'waiting at the door')
  await expect(page.getByTestId('door-request')).toBeVisible()
  await look(page, 'somebody at the door')
  await page.getByTestId('door-request').getByTestId('not-let-in').click()
  await expect(stranger.page.getByTestId('door-not-now')).toBeVisible()
  await look(stranger.page, 'not let in')

  await page.getByTestId('tab-people').click()
  await page.getByTestId('people-item').filter({ hasText: 'Ben' }).getByTestId('person-menu').click()
  await page.getByTestId('remove-person').click()
  await page.getByTestId('remove-confirm').click()
  await expect(ben.page.getByTestId('room-kicked')).toBeVisible()
  await look(ben.page, 'removed from a room')

  await at('/rooms', 'rooms', 'room-card')
  await at('/profile', 'profile', 'profile-name')
  await page.getByTestId('profile-menu').click()
  await expect(page.getByRole('menu')).toBeVisible()
  await look(page, 'the menu of the profile')
  for (const tab of ['people', 'rooms', 'browsers', 'sign-ups', 'notice', 'audit', 'doctor']) {
    await page.goto(`${server.url}/admin/${tab}`)
    await expect(page.getByTestId(`admin-${tab}`)).toHaveAttribute('aria-current', 'page')
    await expect(page.locator('.mantine-Loader-root')).toHaveCount(0, { timeout: 60_000 })
    await look(page, `administration: ${tab}`)
  }
  for (const person of people) await person.leave()
}
