import { test as base, expect, type Browser, type Page } from '@playwright/test'
import { Pages } from '../e2e/support/pages'
import { Person, unique, type Arrival } from '../e2e/support/room'
import { inContainers, Server } from '../e2e/support/server'
import { makeClip } from './clip'
import { bodies, type Content } from './content'
import { Figures } from './figures'
import { keepPeers, watchFirstFrame } from './probe'
import { usage, type Group } from './processes'

/** BENCH_SCALE=0.15 makes a quick run for trying the harness; only figures of a whole one are kept. */
export const scale = Number(process.env.BENCH_SCALE ?? 1)
export const trials = (count: number): number => Math.max(2, Math.round(count * scale))
export const seconds = (count: number): number => Math.max(3, Math.round(count * scale))

/** What all groups stand on: a server, a room with its browser, and Ann, who drives. Started when the first group asks. */
export class Stage {
  private constructor(
    readonly browser: Browser,
    readonly server: Server,
    readonly pages: Pages,
    readonly room: string,
    readonly ann: Person,
    readonly address: string,
    readonly invite: string,
  ) {}

  static async start(browser: Browser): Promise<Stage> {
    const file = makeClip()
    const pages = await Pages.start(bodies, { '/clip.mp4': { file, type: 'video/mp4' } })
    const server = await Server.start({ TURTUS_VIEWER_TIMEOUT: '2h', TURTUS_CONTROL_IDLE: '2h', TURTUS_LOG_LEVEL: 'info', TURTUS_ROOM_SIZE: '400' })
    const room = unique('bench')
    const ann = await Stage.person(browser, server, 'Ann')
    await ann.signUp()
    const address = await ann.createRoom(`Bench ${room}`, `${pages.url}/flip?room=${room}`)
    await ann.startBrowser()
    await expect.poll(() => pages.of(room, 'ready').length, { message: 'Firefox opens its first page' }).toBeGreaterThan(0)
    return new Stage(browser, server, pages, room, ann, address, await ann.inviteLink())
  }

  private static async person(browser: Browser, server: Server, name: string, more: Arrival = {}): Promise<Person> {
    const person = await Person.arrive(browser, server, name, { bypassCSP: true, ...more }) // The probe of sound brings a worklet of its own.
    await person.context.addInitScript(watchFirstFrame)
    await person.context.addInitScript(keepPeers)
    return person
  }

  async end(): Promise<void> {
    await this.ann.leave()
    await this.server.stop()
    await this.pages.stop()
  }

  /** Somebody in a browser context of their own; joins by `invite` when the group wants it. */
  arrive(name: string, more: Arrival = {}): Promise<Person> {
    return Stage.person(this.browser, this.server, name, more)
  }

  /** Only Ann is there, she drives, and Firefox shows a page. Groups begin here, wherever the one before ended. */
  async show(content: Content, query = ''): Promise<Page> {
    const { ann } = this
    if (ann.page.url() !== this.address) await ann.page.goto(this.address)
    await ann.seesPicture()
    if (!(await ann.page.getByTestId('release-control').isVisible())) await ann.takeControl()
    await this.go(ann, content, query)
    return ann.page
  }

  /** Whoever drives has Firefox open a page. */
  async go(person: Person, content: Content, query = ''): Promise<void> {
    const before = this.pages.of(this.room, 'ready').length
    await person.browseTo(`${this.pages.url}/${content}?room=${this.room}${query}`, this.pages)
    await expect.poll(() => this.pages.of(this.room, 'ready').length, { message: `Firefox shows ${content}` }).toBeGreaterThan(before)
  }

  /** Ann gives up control and looks at nothing; the browser goes on. */
  async withoutAnn(): Promise<void> {
    await this.ann.page.getByTestId('release-control').click()
    await expect(this.ann.page.getByTestId('release-control')).toBeHidden()
    await this.ann.page.goto('about:blank')
  }

  /** Quiet: no frame for two seconds (what refines the picture after motion is done). */
  settle(page: Page): Promise<void> {
    return page.evaluate(
      () =>
        new Promise<void>((done) => {
          const video = document.querySelector<HTMLVideoElement>('[data-testid="stage-video"]')
          let timer = setTimeout(done, 2000)
          const frame = (): void => {
            clearTimeout(timer)
            timer = setTimeout(done, 2000)
            video?.requestVideoFrameCallback(frame)
          }
          video?.requestVideoFrameCallback(frame)
        }),
    )
  }

  /** What groups of processes use, over some windows one after the other. */
  async measure(figures: Figures, state: string, groups: readonly Group[], options: { windows?: number; window?: number; memory?: boolean } = {}): Promise<void> {
    const used = []
    for (let i = 0; i < (options.windows ?? 3); i++) used.push(await usage(this.server.pid, seconds(options.window ?? 6)))
    for (const group of groups) {
      figures.add(`${state}: ${group} CPU`, '% of a core', used.flatMap((one) => one[group]?.cpu ?? []))
      if (options.memory) figures.add(`${state}: ${group} memory (PSS)`, 'MB', used.flatMap((one) => one[group]?.memory ?? []))
    }
  }
}

export const test = base.extend<{ figures: Figures }, { stage: Stage }>({
  figures: async ({}, give, info) => {
    const figures = new Figures()
    await give(figures)
    const list = inContainers ? figures.list.map((figure) => ({ ...figure, name: figure.name.replace(/(?=:)|$/, ', in containers') })) : figures.list
    await info.attach('figures', { body: JSON.stringify(list), contentType: 'application/json' })
  },
  stage: [
    async ({ browser }, give) => {
      const stage = await Stage.start(browser)
      await give(stage)
      await stage.end()
    },
    { scope: 'worker', timeout: 5 * 60_000 },
  ],
})
