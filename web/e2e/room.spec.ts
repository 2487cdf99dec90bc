import { expect, test } from './support/test'
import { Person, unique } from './support/room'
import { inContainers, Server } from './support/server'
import { expectColour, green, red } from './support/video'

test('chat goes both ways, is kept, and a message sent twice is there once', async ({ arrive, server }) => {
  const ann = await (await arrive('Ann')).signUp()
  const address = await ann.createRoom(unique('Chat'), '')
  const ben = await (await arrive('Ben')).joinAsGuest(await ann.inviteLink())
  await ann.say('Hello Ben')
  await ben.openChat()
  await expect(ben.page.getByTestId('chat-message').filter({ hasText: 'Hello Ben' })).toHaveCount(1)
  await ben.say('Hello Ann <b>not bold</b>')
  await expect(ann.page.getByTestId('chat-message').filter({ hasText: 'Hello Ann <b>not bold</b>' })).toHaveCount(1)

  // The same message by the API, twice with one key, as a page does whose first answer was lost.
  const token = await accessToken(ann)
  const slug = address.split('/r/')[1] ?? ''
  const key = unique('key')
  const send = (text: string): Promise<Response> =>
    fetch(`${server.url}/api/v1/rooms/${slug}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key, text }),
    })
  const first = (await (await send('only once')).json()) as { id: string }
  const second = (await (await send('only once')).json()) as { id: string }
  expect(second.id).toBe(first.id)
  const other = await send('another text under the same key')
  expect(other.ok).toBe(false)
  expect(((await other.json()) as { code: string }).code).toBe('key_reused')
  await expect(ben.page.getByTestId('chat-message').filter({ hasText: 'only once' })).toHaveCount(1)

  await ben.page.reload()
  await ben.openChat()
  await expect(ben.page.getByTestId('chat-message').filter({ hasText: 'Hello Ben' })).toHaveCount(1)
  await expect(ben.page.getByTestId('chat-message').filter({ hasText: 'only once' })).toHaveCount(1)
})

test('a reload keeps seat, role, control and history', async ({ arrive, pages }) => {
  const room = unique('seat')
  const ann = await (await arrive('Ann')).signUp()
  await ann.createRoom(room, `${pages.url}/desk?room=${room}`)
  const ben = await (await arrive('Ben')).joinAsGuest(await ann.inviteLink())
  await ann.startBrowser()
  await ben.seesPicture()
  await ben.takeControl()
  await ben.page.reload()
  await ben.seesPicture()
  await expectColour(ben.page, () => (pages.of(room, 'painted').at(-1)?.detail === 'rgb(0,160,0)' ? green : red), 'the picture is back')
  await ben.seesPeople('Ben', 1)
  await ben.hasControl()
  await ann.seesPeople('Ben', 1)
})

test('nobody watches: after the countdown the browser ends by itself, and room and chat stay', async ({ arrive, pages, server }) => {
  const ann = await (await arrive('Ann')).signUp()
  const address = await ann.createRoom(unique('Idle'), `${pages.url}/red`)
  await ann.say('still here tomorrow')
  await ann.startBrowser()
  await ann.page.goto(`${server.url}/rooms`)
  await expect(ann.page.getByTestId('countdown').first()).toBeVisible({ timeout: 60_000 })
  await ann.page.getByTestId('keep-alive').first().click()
  await expect(ann.page.getByTestId('countdown')).toHaveCount(0, { timeout: 90_000 })
  await ann.page.goto(address)
  await expect(ann.page.getByTestId('start-browser')).toBeVisible()
  await ann.openChat()
  await expect(ann.page.getByTestId('chat-message').filter({ hasText: 'still here tomorrow' })).toHaveCount(1)
  await ann.startBrowser()
  await expectColour(ann.page, red, 'and it starts again')
})

test('a start that fails shows why', async ({ browser }) => {
  const missing = inContainers ? 'no-such-image' : '/nowhere/firefox'
  const server = await Server.start({ [inContainers ? 'TURTUS_BROWSER_IMAGE' : 'TURTUS_VB_FIREFOX']: missing })
  try {
    const ann = await (await Person.arrive(browser, server, 'Ann')).signUp()
    await ann.createRoom(unique('Broken'), '')
    await ann.page.getByTestId('start-browser').click()
    await expect(ann.page.getByTestId('browser-state')).toContainText(missing, { timeout: 90_000 })
    await ann.leave()
  } finally {
    await server.stop()
  }
})

test('the server is killed and comes back: same seat, nothing lost, picture goes on; then nothing is left', async ({ browser, pages }) => {
  const server = await Server.start()
  try {
    const ann = await (await Person.arrive(browser, server, 'Ann')).signUp()
    await ann.createRoom(unique('Phoenix'), `${pages.url}/red`)
    await ann.say('before')
    await ann.startBrowser()
    await expectColour(ann.page, red, 'before')
    await server.kill('SIGKILL')
    await ann.page.getByTestId('chat-input').fill('said while the server was away')
    await ann.page.keyboard.press('Enter')
    await server.run()
    await expect(ann.page.getByTestId('chat-message').filter({ hasText: 'said while the server was away' })).toHaveCount(1)
    await expect(ann.page.getByTestId('chat-message').filter({ hasText: 'before' })).toHaveCount(1)
    await expectColour(ann.page, red, 'after')
    // The message stands there while it waits, and the picture never went: only this says that the hub is back.
    await expect(ann.page.getByTestId('connection')).toHaveAttribute('data-status', 'online')
    await ann.takeControl()
    await ann.leave()
    await server.kill('SIGINT')
    await expect.poll(() => server.processes(), { message: 'Ctrl-C leaves no process' }).toEqual([])
  } finally {
    await server.stop()
  }
})

test('an invite that was revoked lets nobody in', async ({ arrive }) => {
  const ann = await (await arrive('Ann')).signUp()
  await ann.createRoom(unique('Secret'), '')
  const link = await ann.inviteLink()
  await ann.page.getByTestId('invite-open').click()
  await ann.page.getByTestId('invite-revoke').first().click()
  await expect(ann.page.getByTestId('invite-revoke')).toHaveCount(0)
  const ben = await arrive('Ben')
  await ben.page.goto(link)
  await expect(ben.page.getByTestId('guest-name')).toHaveCount(0)
  await expect(ben.page.getByTestId('invite-revoked')).toBeVisible()
})

async function accessToken(person: Person): Promise<string> {
  const response = await person.page.evaluate(async () => {
    const answer = await fetch('/api/v1/sessions/refresh', { method: 'POST' })
    return (await answer.json()) as { accessToken: string }
  })
  return response.accessToken
}
