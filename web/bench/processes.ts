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

/** The processes below one (the server's, or the first adopted agent's) by what they are. */
function look(root: number): Map<number, Seen> {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It ended.
    }
  }
  const below = (pid: number): boolean => {
    for (let at: number | undefined = pid; at && at > 1; at = parents.get(at)) if (at === root) return true
    return false
  }
  const seen = new Map<number, Seen>()
  for (const pid of parents.keys()) {
    if (!below(pid)) continue
    try {
      const group = groupOf(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
      if (!group) continue
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
      seen.set(pid, { group, ticks: Number(fields[11]) + Number(fields[12]), memory: Number(pss?.[1] ?? 0) / 1024 })
    } catch {
      // It ended.
    }
  }
  return seen
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
