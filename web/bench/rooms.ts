import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import { Pages } from '../e2e/support/pages'
import { unique } from '../e2e/support/room'
import { inContainers, Server } from '../e2e/support/server'
import { makeClip } from './clip'
import { bodies, type Content } from './content'
import { Counters } from './counters'
import { familiesOf, parentOf, rested, type Group, type Usage } from './processes'

export interface Room {
  slug: string
  invite: string
}

/** Rooms with a browser each, on a server of their own. They are made by the API and watched by counters: no page and no decoder takes a part of the machine. */
export class Rooms {
  readonly open: Room[] = []
  private readonly counters: Counters[] = []

  private constructor(
    readonly server: Server,
    private readonly pages: Pages,
    private readonly token: string,
  ) {}

  static async start(): Promise<Rooms> {
    const pages = await Pages.start(bodies, { '/clip.mp4': { file: makeClip(), type: 'video/mp4' } })
    const many = '500'
    const server = await Server.start({
      TURTUS_VIEWER_TIMEOUT: '2h', TURTUS_LOG_LEVEL: 'info', TURTUS_MAX_BROWSERS: many, TURTUS_MAX_BROWSERS_PER_PERSON: many, TURTUS_MAX_ROOMS_PER_PERSON: many,
    })
    const { accessToken } = await call<{ accessToken: string }>(server, '', '/users', { username: unique('host'), password: 'a long enough password' })
    return new Rooms(server, pages, accessToken)
  }

  async end(): Promise<void> {
    await Promise.all(this.counters.map((one) => one.leave()))
    await Promise.all(this.open.map((room) => call(this.server, this.token, `/rooms/${room.slug}/browser`, undefined, 'DELETE')))
    await this.server.stop()
    await this.pages.stop()
  }

  /** Opens rooms, all at once, and returns when each browser shows its page. */
  async more(count: number, content: Content): Promise<Room[]> {
    const added = await Promise.all(Array.from({ length: count }, async () => {
      const slug = unique('many')
      await call(this.server, this.token, '/rooms', { title: slug, slug, startUrl: `${this.pages.url}/${content}?room=${slug}` })
      await call(this.server, this.token, `/rooms/${slug}/browser`)
      const { url } = await call<{ url: string }>(this.server, this.token, `/rooms/${slug}/invites`, {})
      return { slug, invite: new URL(url, this.server.url).href }
    }))
    this.open.push(...added)
    for (const { slug } of added)
      await expect.poll(() => this.pages.of(slug, 'ready').length, { message: `${slug} shows its page`, timeout: 180_000 }).toBeGreaterThan(0)
    return added
  }

  /** One viewer in each of some rooms, which counts. */
  async watch(rooms: readonly Room[]): Promise<Counters[]> {
    const joined = await Promise.all(rooms.map((room) => Counters.join(room.invite, 1)))
    this.counters.push(...joined)
    return joined
  }

  /** Waits until a group of the browsers' processes has come to rest. */
  rested(group: Group): Promise<void> {
    return rested(() => browsersOf(this.server), group)
  }

  /** What one room takes on average, with all processes of its browser, over some seconds. */
  async each(seconds: number): Promise<Usage> {
    const look = (memory: boolean): { ticks: number; memory: number } => {
      const all = familiesOf(browsersOf(this.server), memory)
      return { ticks: all.reduce((sum, one) => sum + one.ticks, 0), memory: all.reduce((sum, one) => sum + one.memory, 0) }
    }
    const before = look(false)
    const start = performance.now()
    await new Promise((done) => setTimeout(done, seconds * 1000))
    const used = look(false).ticks - before.ticks // hundredths of a second
    const elapsed = (performance.now() - start) / 1000
    return { cpu: used / elapsed / this.open.length, memory: look(true).memory / this.open.length }
  }

  /** What the engine counts for one room's container in MB: its files in memory too. */
  accounted(): number | undefined {
    if (!inContainers) return undefined
    const used = docker('stats', '--no-stream', '--format', '{{.MemUsage}}', ...containersOf(this.server, '.Id')).map((line) => {
      const [, value, unit] = /^([\d.]+)(MiB|GiB|KiB)/.exec(line) ?? []
      return Number(value) * (unit === 'GiB' ? 1024 : unit === 'KiB' ? 1 / 1024 : 1)
    })
    return used.reduce((sum, one) => sum + one, 0) / used.length
  }
}

/** The first process of each browser of a server. A container's is its shim. */
export function browsersOf(server: Server): number[] {
  if (!inContainers) return familiesOf([server.pid]).filter((one) => one.group === 'agent').map((one) => one.pid)
  return containersOf(server, '.State.Pid').map((pid) => parentOf(Number(pid))).filter((pid) => pid > 1)
}

function containersOf(server: Server, field: string): string[] {
  const id = readFileSync(join(server.dataDir, 'server.id'), 'utf8').trim()
  const ids = docker('ps', '--quiet', '--no-trunc', '--filter', `label=turtus.server=${id}`)
  return ids.length === 0 ? [] : docker('inspect', '--format', `{{${field}}}`, ...ids)
}

/** Whole frames per second of each room's viewer, over some seconds. */
export async function delivered(counters: readonly Counters[], seconds: number): Promise<number[]> {
  const look = (): Promise<{ frames: number; at: number }[]> =>
    Promise.all(counters.map(async (one) => {
      const { totals, at } = await one.line()
      return { frames: totals.frames, at }
    }))
  const before = await look()
  await new Promise((done) => setTimeout(done, (seconds - 1) * 1000))
  const after = await look()
  return after.map(({ frames, at }, index) => {
    const from = before[index] ?? { frames: NaN, at: NaN }
    return ((frames - from.frames) / (at - from.at)) * 1000
  })
}

/** Memory that programs may still have, in MB. */
export function memoryLeft(): number {
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) / 1024
}

const docker = (...args: string[]): string[] => execFileSync('docker', args, { encoding: 'utf8' }).split('\n').filter(Boolean)

async function call<T>(server: Server, token: string, path: string, body?: unknown, method = 'POST'): Promise<T> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(token === '' ? {} : { authorization: `Bearer ${token}` }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${text}`)
  return (text === '' ? {} : JSON.parse(text)) as T
}
