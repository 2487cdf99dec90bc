import { expect, type Browser, type BrowserContext, type Page } from '@playwright/test'
import type { Pages } from './pages'
import type { Server } from './server'

let counter = 0
/** A name that no other test of this run uses. */
export const unique = (name: string): string => `${name}${Date.now().toString(36)}${(counter++).toString()}`

/** How somebody arrives: with a context as Playwright makes it, and on a device that has been in a room or not. */
export type Arrival = NonNullable<Parameters<Browser['newContext']>[0]> & { firstTime?: boolean }

/** One person with a browser of their own. */
export class Person {
  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    readonly server: Server,
    readonly name: string,
  ) {}

  static async arrive(browser: Browser, server: Server, name: string, { firstTime = false, ...options }: Arrival = {}): Promise<Person> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'], ...options })
    await context.addInitScript(recordDataChannels)
    // They have been here before, with this device: the check has a test of its own.
    if (!firstTime) await context.addInitScript(() => location.protocol !== 'about:' && localStorage.setItem('turtus.checked', '{"done":true}'))
    const page = await context.newPage()
    return new Person(page, context, server, name)
  }

  async signUp(): Promise<this> {
    await this.page.goto(`${this.server.url}/sign-up`)
    await this.page.getByTestId('signup-username').fill(unique(this.name))
    await this.page.getByTestId('signup-display-name').fill(this.name)
    await this.page.getByTestId('signup-password').fill('a long enough password')
    await this.page.getByTestId('signup-submit').click()
    await expect(this.page).toHaveURL(/\/rooms/)
    return this
  }

  async createRoom(title: string, startPage: string): Promise<string> {
    const { page } = this
    await page.getByTestId('new-room').click()
    await page.getByTestId('room-title').fill(title)
    if (startPage) {
      await page.getByTestId('room-options').click()
      await page.getByTestId('room-start-page').fill(startPage)
    }
    await page.getByTestId('create-room').click()
    await expect(page).toHaveURL(/\/r\//)
    return page.url()
  }

  async startBrowser(): Promise<void> {
    await this.page.getByTestId('start-browser').click()
    await this.seesPicture()
  }

  async seesPicture(): Promise<void> {
    await expect
      .poll(() => this.page.getByTestId('stage-video').evaluate((video) => (video as HTMLVideoElement).videoWidth).catch(() => 0), {
        message: `${this.name} gets a picture`,
        timeout: 120_000,
      })
      .toBeGreaterThan(0)
  }

  async inviteLink(): Promise<string> {
    await this.page.getByTestId('invite-open').click()
    const link = this.page.getByTestId('invite-link')
    await expect(link).toHaveValue(/\/i\//)
    const url = await link.inputValue()
    await this.page.keyboard.press('Escape')
    return url
  }

  async joinAsGuest(link: string): Promise<this> {
    await this.page.goto(link)
    await this.page.getByTestId('guest-name').fill(this.name)
    await this.page.getByTestId('join-room').click()
    await expect(this.page).toHaveURL(/\/r\//)
    return this
  }

  /** Clicks the picture at a part of its width and height, which also takes control when it is free. */
  async clickPicture(x = 0.5, y = 0.6, options: { button?: 'left' | 'right' | 'middle'; clickCount?: number } = {}): Promise<void> {
    const at = await this.pointOnPicture(x, y)
    await this.page.mouse.click(at.x, at.y, { delay: 30, ...options })
  }

  async pointOnPicture(x: number, y: number): Promise<{ x: number; y: number }> {
    const rect = await this.page.getByTestId('stage-video').evaluate((element) => {
      const video = element as HTMLVideoElement
      const box = video.getBoundingClientRect()
      const scale = Math.min(box.width / video.videoWidth, box.height / video.videoHeight)
      const width = video.videoWidth * scale
      const height = video.videoHeight * scale
      return { x: box.x + (box.width - width) / 2, y: box.y + (box.height - height) / 2, width, height }
    })
    return { x: rect.x + rect.width * x, y: rect.y + rect.height * y }
  }

  async takeControl(): Promise<void> {
    await this.clickPicture()
    await this.hasControl()
  }

  /**
   * Moves the mouse, as the one in control, until the page that Firefox shows hears of it: what people do in the first moments of a page,
   * Firefox keeps from its script.
   */
  async heeded(pages: Pages, room: string): Promise<void> {
    let x = 0.4
    await expect
      .poll(
        async () => {
          x = 1 - x
          const at = await this.pointOnPicture(x, 0.6)
          await this.page.mouse.move(at.x, at.y)
          return pages.of(room, 'heeds').length
        },
        { message: `the page heeds ${this.name}`, timeout: 60_000 },
      )
      .toBeGreaterThan(0)
  }

  async hasControl(): Promise<void> {
    await expect(this.page.getByTestId('release-control')).toBeVisible()
  }

  async stopBrowser(): Promise<void> {
    await this.page.getByTestId('more').click()
    await this.page.getByTestId('stop-browser').click()
    await expect(this.page.getByTestId('start-browser')).toBeVisible({ timeout: 60_000 })
  }

  /**
   * Types an address into Firefox, as the one in control. Firefox moves the focus to its address bar a moment after
   * Ctrl+L, so a script types faster than it; what arrived too early is typed again.
   */
  async browseTo(url: string, pages: Pages): Promise<void> {
    const { pathname, searchParams } = new URL(url)
    const room = searchParams.get('room') ?? ''
    const asked = (): number => pages.of(room, 'request').filter((event) => event.detail === pathname).length
    const before = asked()
    await expect(async () => {
      await this.page.keyboard.press('Control+l', { delay: 50 })
      await this.page.keyboard.type(url, { delay: 10 })
      await this.page.keyboard.press('Enter')
      await expect.poll(asked, { message: `Firefox asks for ${url}`, timeout: 5_000 }).toBeGreaterThan(before)
    }).toPass({ timeout: 60_000 })
  }

  async say(text: string): Promise<void> {
    await this.openChat()
    await this.page.getByTestId('chat-input').fill(text)
    await this.page.keyboard.press('Enter')
  }

  async openChat(): Promise<void> {
    await this.page.getByTestId('tab-chat').click()
  }

  /** How many seats of the room carry a name, as this person sees it. */
  async seesPeople(name: string, count: number): Promise<void> {
    await this.page.getByTestId('tab-people').click()
    await expect(this.page.getByTestId('people-item').filter({ hasText: name })).toHaveCount(count)
  }

  async leave(): Promise<void> {
    await this.context.close()
  }
}

/** Keeps the data channels that the page opens, so that a test can lie on them as a hostile page would. */
function recordDataChannels(): void {
  const channels: Record<string, RTCDataChannel> = {}
  const heard: string[] = []
  Object.assign(globalThis, { testChannels: channels, testHeard: heard })
  const Original = globalThis.RTCPeerConnection
  globalThis.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      this.addEventListener('datachannel', ({ channel }) => {
        channels[channel.label] = channel
        if (channel.label === 'events') {
          channel.addEventListener('message', (event: MessageEvent<unknown>) => {
            if (typeof event.data === 'string') heard.push(event.data)
          })
        }
      })
    }
  }
}

/** Sends one raw input frame past the page's own code. */
export async function sendFrame(page: Page, channel: 'input' | 'pointer', frame: number[]): Promise<void> {
  await page.evaluate(
    ([label, bytes]) => {
      const { testChannels } = globalThis as unknown as { testChannels: Record<string, RTCDataChannel> }
      const channel = testChannels[label]
      if (channel?.readyState !== 'open') throw new Error(`the channel ${label} is not open`)
      channel.send(new Uint8Array(bytes))
    },
    [channel, frame] as const,
  )
}

/** Everything heard on the data channel `events`. */
export async function heardEvents(page: Page): Promise<{ type: string; payload: Record<string, unknown> }[]> {
  const texts = await page.evaluate(() => (globalThis as unknown as { testHeard: string[] }).testHeard)
  return texts.map((text) => JSON.parse(text) as { type: string; payload: Record<string, unknown> })
}
