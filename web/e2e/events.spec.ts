import { unique } from './support/room'
import { expect, test } from './support/test'

// What a firewall does to WebSockets: it hangs up, or it never answers.
const kept = {
  refused: () => {
    globalThis.WebSocket = class extends EventTarget {
      onclose: ((event: CloseEvent) => void) | null = null
      constructor() {
        super()
        setTimeout(() => this.onclose?.(new CloseEvent('close', { code: 1006 })))
      }
      close(): void {
        // It never was open.
      }
    } as unknown as typeof WebSocket
  },
  silent: () => {
    globalThis.WebSocket = class extends EventTarget {
      close(): void {
        // It never was open.
      }
    } as unknown as typeof WebSocket
  },
}

for (const [how, block] of Object.entries(kept))
  test(`a network that lets no WebSocket through (${how}) has the whole room all the same`, async ({ arrive, server }) => {
    const ann = await (await arrive('Ann')).signUp()
    await ann.createRoom(unique('Friday'), '')
    const ben = await arrive('Ben')
    await ben.context.addInitScript(block)
    const requests: string[] = []
    ben.page.on('request', (request) => {
      if (request.url().endsWith('/api/v1/events')) requests.push(request.method())
    })
    await ben.joinAsGuest(await ann.inviteLink())
    await ben.page.getByTestId('tab-chat').click()
    await ann.page.getByTestId('tab-chat').click()
    await expect(ann.page.getByTestId('people-count')).toHaveAttribute('data-count', '2')

    for (const [from, to, text] of [[ben, ann, 'behind a firewall'], [ann, ben, 'and I am not']] as const) {
      await from.page.getByTestId('chat-input').fill(text)
      await from.page.getByTestId('chat-input').press('Enter')
      await expect(to.page.getByTestId('chat-message').filter({ hasText: text })).toBeVisible()
    }
    expect(requests[0]).toBe('GET')
    expect(requests).toContain('POST')

    await test.step('it comes back when the server was away, and leaves when it goes', async () => {
      await server.kill('SIGKILL')
      await server.run()
      await expect(ben.page.getByTestId('connection')).toHaveAttribute('data-status', 'online')
      await ben.page.getByTestId('chat-input').fill('still here')
      await ben.page.getByTestId('chat-input').press('Enter')
      await expect(ann.page.getByTestId('chat-message').filter({ hasText: 'still here' })).toBeVisible()
      await ben.page.goto('about:blank')
      await expect(ann.page.getByTestId('people-count')).toHaveAttribute('data-count', '1')
    })
  })
