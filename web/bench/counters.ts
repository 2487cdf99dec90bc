import { spawn, type ChildProcess } from 'node:child_process'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from '@playwright/test'

const program = join(resolve(import.meta.dirname, '../..'), 'bin/turtus-viewer')

/** What the counters of vb/viewer received since their start, all together. */
export interface Totals {
  viewers: number
  receiving: number
  frames: number
  broken: number
  lost: number
  bytes: number
  audioPackets: number
  /** Whole frames of each viewer. */
  each: number[]
}

/** Viewers that only count. */
export class Counters {
  last: Totals = { viewers: 0, receiving: 0, frames: 0, broken: 0, lost: 0, bytes: 0, audioPackets: 0, each: [] }
  private readonly exited: Promise<unknown>
  private next: (() => void)[] = []

  private constructor(private readonly process: ChildProcess) {
    this.exited = new Promise((done) => process.once('exit', done))
    if (process.stdout)
      createInterface({ input: process.stdout }).on('line', (line) => {
        this.last = JSON.parse(line) as Totals
        for (const done of this.next.splice(0)) done()
      })
  }

  private static spawn(...args: string[]): Counters {
    return new Counters(spawn(program, args, {
      env: { ...process.env, PION_LOG_DISABLE: 'twcc_sender_interceptor' }, stdio: ['ignore', 'pipe', 'inherit'], // That connections close at the end is no news.
    }))
  }

  /** They only come and sit there, in their time, and receive nothing. */
  static sit(invite: string, count: number): Counters {
    return Counters.spawn('--seats', '-n', String(count), invite)
  }

  /** Returns when all of them receive. */
  static async join(invite: string, count: number): Promise<Counters> {
    const counters = Counters.spawn('-n', String(count), invite)
    await expect.poll(() => counters.last.receiving, { message: `${count} counters receive`, timeout: 240_000 }).toBe(count)
    return counters
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  /** The next line that they print, and when it came: one each second. */
  async line(): Promise<{ totals: Totals; at: number }> {
    await Promise.race([new Promise<void>((done) => this.next.push(done)), this.exited])
    return { totals: this.last, at: performance.now() }
  }

  async leave(): Promise<void> {
    this.process.kill('SIGTERM')
    await this.exited
  }
}
