import { readdirSync, readFileSync } from 'node:fs'

/** What a group of processes used between two looks. */
export interface Usage {
  /** Per cent of one core. */
  cpu: number
  /** Proportional set size in MB at the second look. */
  memory: number
}

export type Group = 'agent' | 'xserver' | 'firefox' | 'sound' | 'server' | 'database'

interface Seen {
  group: Group
  ticks: number
  memory: number
}

const ticksPerSecond = 100 // USER_HZ, fixed on Linux

function groupOf(command: string): Group | undefined {
  const program = command.split('\0')[0]?.split('/').at(-1) ?? ''
  if (program.startsWith('turtus-agent')) return 'agent'
  if (program === 'turtus') return 'server'
  if (program === 'Xvfb') return 'xserver'
  if (program.startsWith('pulseaudio')) return 'sound'
  if (program.startsWith('firefox')) return 'firefox'
  if (program.startsWith('postgres')) return 'database'
  return undefined
}

interface Stat {
  parent: number
  ticks: number
}

/** Field numbers as in proc_pid_stat(5), counted from the state on. */
function stat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return undefined // It ended.
  }
}

function stats(): Map<number, Stat> {
  const all = new Map<number, Stat>()
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) ? stat(Number(name)) : undefined
    if (found) all.set(Number(name), found)
  }
  return all
}

export interface Member {
  pid: number
  group: Group | undefined
  ticks: number
  /** Proportional set size in MB, 0 when nobody asked. */
  memory: number
}

/** Some processes and all below them. */
export function familiesOf(roots: readonly number[], memory = false): Member[] {
  const all = stats()
  const wanted = new Set(roots)
  const below = (pid: number): boolean => {
    for (let at: number | undefined = pid; at && at > 1; at = all.get(at)?.parent) if (wanted.has(at)) return true
    return false
  }
  const seen: Member[] = []
  for (const [pid, { ticks }] of all) {
    if (!below(pid)) continue
    try {
      seen.push({ pid, group: groupOf(readFileSync(`/proc/${pid}/cmdline`, 'utf8')), ticks, memory: memory ? pss(pid) : 0 })
    } catch {
      // It ended.
    }
  }
  return seen
}

export function parentOf(pid: number): number {
  return stat(pid)?.parent ?? 0
}

function pss(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024
}

/** The processes below one (the server's, or the first adopted agent's) by what they are. */
export function processesOf(root: number): { pid: number; group: Group; ticks: number }[] {
  return familiesOf([root]).flatMap(({ pid, group, ticks }) => (group ? [{ pid, group, ticks }] : []))
}

function look(root: number): Map<number, Seen> {
  const seen = new Map<number, Seen>()
  for (const { pid, group, ticks } of processesOf(root)) {
    try {
      seen.set(pid, { group, ticks, memory: pss(pid) })
    } catch {
      // It ended.
    }
  }
  return seen
}

/** What one process used since a look before, for processes of the bench itself. */
export class Meter {
  private readonly start = process.hrtime.bigint()
  private readonly ticks: number

  constructor(private readonly pid: number) {
    this.ticks = stat(pid)?.ticks ?? 0
  }

  /** Per cent of one core. */
  read(): number {
    const elapsed = Number(process.hrtime.bigint() - this.start) / 1e9
    return (((stat(this.pid)?.ticks ?? NaN) - this.ticks) / ticksPerSecond / elapsed) * 100
  }
}

/**
 * Waits until a group has come to rest: in three looks of two seconds one after the other it used no less than in the one
 * before the first of them, so that what it still had to end (encoders, connections) is ended. It gives up after a minute:
 * whatever it uses then is what it uses at rest.
 */
export async function rested(root: number | (() => readonly number[]), group: Group): Promise<void> {
  const roots = typeof root === 'number' ? () => [root] : root
  const ticks = (): number => familiesOf(roots()).reduce((sum, one) => sum + (one.group === group ? one.ticks : 0), 0)
  let least = Infinity
  let steady = 0
  for (let look = 0; look < 30 && steady < 3; look++) {
    const before = ticks()
    await new Promise((done) => setTimeout(done, 2000))
    const used = ticks() - before
    steady = used < least ? 0 : steady + 1
    least = Math.min(least, used)
  }
}

/** Measures what each group uses over some seconds. */
export async function usage(root: number, seconds: number): Promise<Partial<Record<Group, Usage>>> {
  const before = look(root)
  const start = process.hrtime.bigint()
  await new Promise((done) => setTimeout(done, seconds * 1000))
  const after = look(root)
  const elapsed = Number(process.hrtime.bigint() - start) / 1e9
  const result: Partial<Record<Group, Usage>> = {}
  for (const [pid, now] of after) {
    const entry = (result[now.group] ??= { cpu: 0, memory: 0 })
    entry.cpu += ((now.ticks - (before.get(pid)?.ticks ?? 0)) / ticksPerSecond / elapsed) * 100
    entry.memory += now.memory
  }
  return result
}
