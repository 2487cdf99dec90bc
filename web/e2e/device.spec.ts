import { expect, test } from './support/test'
import { unique } from './support/room'

const television = { viewport: { width: 1920, height: 1080 }, userAgent: 'Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 TV Safari/537.36' }
const tablet = { viewport: { width: 820, height: 1180 }, hasTouch: true, userAgent: 'Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36' }

test('a seat comes to a TV by a typed code and to a tablet by a link, each once, and is signed out again', async ({ arrive, server }) => {
  const ann = await (await arrive('Ann')).signUp()
  const title = unique('screens')
  await ann.createRoom(title, '')
  await ann.page.getByTestId('tab-people').click()
  await ann.page.getByTestId('screen-open').click()
  const shown = ann.page.getByTestId('screen-code')
  const code = (await shown.textContent()) ?? ''
  expect(code).toMatch(/^[A-Z2-9]{4}-[A-Z2-9]{4}$/)
  await expect(ann.page.getByTestId('screen-url')).toHaveText(`${new URL(server.url).host}/link`)

  await test.step('the code is typed with a remote control', async () => {
    const tv = await arrive('TV', television)
    await tv.page.goto(`${server.url}/link`)
    const keys = tv.page.getByTestId('link-keys').getByRole('button')
    await expect(keys.first()).toBeFocused()
    const signs = await keys.allTextContents()
    let at = 0
    for (const sign of code.replace('-', '')) {
      const to = signs.indexOf(sign)
      while (Math.floor(at / 6) !== Math.floor(to / 6)) {
        const down = Math.floor(at / 6) < Math.floor(to / 6)
        await tv.page.keyboard.press(down ? 'ArrowDown' : 'ArrowUp')
        at += down ? 6 : -6
      }
      while (at !== to) {
        await tv.page.keyboard.press(at < to ? 'ArrowRight' : 'ArrowLeft')
        at += at < to ? 1 : -1
      }
      await expect(keys.nth(at)).toBeFocused()
      await tv.page.keyboard.press('Enter')
    }
    await expect(tv.page.getByTestId('link-whose')).toContainText(`Join ${title} as Ann?`)
    await expect(tv.page.getByTestId('link-join')).toBeFocused()
    await tv.page.keyboard.press('Enter')
    await expect(tv.page.getByTestId('room-heading')).toHaveText(title)
    await expect(ann.page.getByTestId('screen-linked')).toContainText('Linked: TV')

    await test.step('and works once', async () => {
      const other = await arrive('Other')
      await other.page.goto(`${server.url}/link`)
      await other.page.getByTestId('link-code').fill(code)
      await expect(other.page.getByRole('alert')).toContainText('used before')
    })
    await test.step('and the TV is signed out from where it was linked', async () => {
      await tv.page.reload()
      await expect(tv.page.getByTestId('room-heading'), 'it stays signed in').toHaveText(title)
      await ann.page.getByTestId('screen-end').click()
      await expect(tv.page.getByTestId('room-signed-out')).toBeVisible()
    })
  })

  await test.step('the link of the QR code brings it to a tablet, and a code that was replaced brings nothing', async () => {
    await ann.page.keyboard.press('Escape')
    await ann.page.getByTestId('screen-open').click()
    const qr = ann.page.getByTestId('qr')
    const replaced = (await qr.getAttribute('data-text')) ?? ''
    await ann.page.keyboard.press('Escape')
    await expect(qr).toHaveCount(0)
    await ann.page.getByTestId('screen-open').click()
    await expect(qr).not.toHaveAttribute('data-text', replaced)
    const link = (await qr.getAttribute('data-text')) ?? ''
    const tab = await arrive('Tablet', tablet)
    await tab.page.goto(replaced)
    await expect(tab.page.getByRole('alert')).toContainText('used before')
    await tab.page.goto('about:blank')
    await tab.page.goto(link)
    await tab.page.getByTestId('link-join').click()
    await expect(tab.page.getByTestId('room-heading')).toHaveText(title)
    await expect(ann.page.getByTestId('screen-linked')).toContainText('Linked: Tablet')
    expect(server.log.join(''), 'no code in the log').not.toContain(new URL(link).hash.slice('#code='.length))
  })
})

test('a guest in a room signs in to their account and sits there as it, and another makes the account theirs without losing the seat', async ({ arrive }) => {
  const ann = await (await arrive('Ann')).signUp()
  const title = unique('claims')
  await ann.createRoom(title, '')
  const link = await ann.inviteLink()

  await test.step('who has an account signs in with the seat', async () => {
    const known = await arrive('Ben')
    await known.page.goto(`${known.server.url}/sign-up`)
    const name = unique('ben')
    await known.page.getByTestId('signup-username').fill(name)
    await known.page.getByTestId('signup-password').fill('a long enough password')
    await known.page.getByTestId('signup-submit').click()
    await expect(known.page).toHaveURL(/\/rooms/)
    const ben = await (await arrive('Benny')).joinAsGuest(link)
    const room = ben.page.url()
    await expect(ben.page.getByTestId('room-heading')).toHaveText(title)
    await ben.page.getByTestId('profile-menu').click()
    await ben.page.getByTestId('profile-open').click()
    await ben.page.getByTestId('claim-signin').click()
    await ben.page.getByTestId('signin-username').fill(name)
    await ben.page.getByTestId('signin-password').fill('a long enough password')
    await ben.page.getByTestId('signin-submit').click()
    await expect(ben.page).toHaveURL(/\/rooms/)
    await ben.page.goto(room)
    await expect(ben.page.getByTestId('room-heading')).toHaveText(title)
    await ann.page.getByTestId('tab-people').click()
    await expect(ann.page.getByTestId('people-item').filter({ hasText: name })).toHaveCount(1)
    await expect(ann.page.getByTestId('people-item').filter({ hasText: 'Benny' })).toHaveCount(0)
  })

  await test.step('who makes an account stays in the room meanwhile, with what they said', async () => {
    const cleo = await (await arrive('Cleo')).joinAsGuest(link)
    await cleo.page.getByTestId('tab-chat').click()
    await cleo.page.getByTestId('chat-input').fill('hello from a guest')
    await cleo.page.keyboard.press('Enter')
    await expect(ann.page.getByTestId('people-item').filter({ hasText: 'Cleo' })).toContainText('guest', { ignoreCase: true })
    const seat = await ann.page.getByTestId('people-item').filter({ hasText: 'Cleo' }).getAttribute('data-peer')
    const profile = await cleo.context.newPage()
    await profile.goto(`${cleo.server.url}/profile`)
    await profile.getByTestId('claim-username').fill(unique('cleo'))
    await profile.getByTestId('claim-password').fill('a long enough password')
    await profile.getByTestId('claim-submit').click()
    await expect(profile.getByTestId('claim-submit')).toHaveCount(0)
    const row = ann.page.getByTestId('people-item').filter({ hasText: 'Cleo' })
    await expect(row).not.toContainText('guest', { ignoreCase: true })
    await expect(row, 'the same seat').toHaveAttribute('data-peer', seat ?? '')
    await cleo.page.getByTestId('chat-input').fill('and as an account')
    await cleo.page.keyboard.press('Enter')
    await ann.page.getByTestId('tab-chat').click()
    await expect(ann.page.getByTestId('chat-text').filter({ hasText: 'and as an account' })).toBeVisible()
    await expect(ann.page.getByTestId('chat-text').filter({ hasText: 'hello from a guest' })).toBeVisible()
  })
})
