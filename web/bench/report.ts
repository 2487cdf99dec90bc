import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import type { Figure } from './figures'
import { measures } from './measures'

const root = resolve(import.meta.dirname, '../..')
const folder = join(root, 'docs/benchmarks')
const latest = join(folder, 'latest.json')
const missing = 'not measured'

interface Run {
  date: string
  commit: string
  machine: { cores: number; model: string; memoryMB: number }
  setting: string
  figures: Figure[]
}

const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

/** What the last commit holds; a file that is not committed is no landed run. */
function landed(): Map<string, Figure> {
  try {
    const run = JSON.parse(git('show', 'HEAD:docs/benchmarks/latest.json')) as Run
    return new Map(run.figures.map((figure) => [figure.name, figure]))
  } catch {
    return new Map()
  }
}

const number = (value: number): string => {
  const size = Math.abs(value)
  return value.toFixed(size < 1 ? 3 : size < 10 ? 2 : 1)
}

function show(figure?: Figure): string {
  if (!figure) return missing
  if (figure.upper) return `${number(figure.value)} / ${number(figure.upper.value)}`
  if (figure.low === undefined || figure.high === undefined) return number(figure.value)
  return `${number(figure.value)} (${number(figure.low)} to ${number(figure.high)})`
}

function print(table: readonly (readonly string[])[]): void {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  for (const row of table) console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ').trimEnd())
}

/** Prints the tables: what there is a goal for, then what else was measured. */
export function printTables(figures: readonly Figure[]): void {
  const now = new Map(figures.map((figure) => [figure.name, figure]))
  const before = landed()
  const goals = new Set(measures.map((measure) => measure.name))
  const unit = (name: string): string => (now.get(name) ?? before.get(name))?.unit ?? ''
  console.log('')
  print([
    ['measure', 'unit', 'must reach', 'aim', 'this run', 'previous landed run', 'neko: VP8 | H.264'],
    ...measures.map(({ name, must, aim, peer }) => [name, unit(name), must, aim, show(now.get(name)), show(before.get(name)), peer ?? missing]),
  ])
  console.log('\nTwo numbers are the median and its p99 (sound: p90); (a to b) are the extremes of the trials.\n')
  print([
    ['beside them', 'unit', 'this run', 'previous landed run'],
    ...figures.filter((figure) => !goals.has(figure.name)).map((figure) => [figure.name, figure.unit, show(figure), show(before.get(figure.name))]),
  ])
}

/**
 * Keeps the figures as JSON: those of this run, and in latest.json, for what it did not measure, the ones that were there.
 * Each says its date and commit.
 */
export function keep(figures: readonly Figure[]): void {
  mkdirSync(folder, { recursive: true })
  const date = new Date().toISOString()
  const commit = git('rev-parse', '--short', 'HEAD').trim() + (git('status', '--porcelain', '--', 'services', 'vb', 'web') === '' ? '' : '-dirty')
  const run: Run = {
    date,
    commit,
    machine: { cores: cpus().length, model: cpus()[0]?.model ?? '', memoryMB: Math.round(totalmem() / 2 ** 20) },
    setting: '1280x720 at 30 frames per second; agent, Firefox, server and headless Chromium viewer on one machine over loopback',
    figures: figures.map((figure) => ({ ...figure, date, commit })),
  }
  const write = (file: string, what: Run): void => { writeFileSync(file, `${JSON.stringify(what, null, 2)}\n`) }
  write(join(folder, `${date.slice(0, 10)}-${commit}.json`), run)
  const now = new Set(figures.map((figure) => figure.name))
  const before = existsSync(latest) ? (JSON.parse(readFileSync(latest, 'utf8')) as Run) : undefined
  const older = (before?.figures ?? [])
    .filter((figure) => !now.has(figure.name) && measures.some((measure) => measure.name === figure.name))
    .map((figure) => ({ ...figure, date: figure.date ?? before?.date ?? '', commit: figure.commit ?? before?.commit ?? '' }))
  write(latest, { ...run, figures: [...run.figures, ...older] })
}
