import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join, resolve } from 'node:path'

/** One figure: its median and spread where it was measured more than once. */
export interface Figure {
  name: string
  unit: string
  value: number
  p99?: number
  samples?: number
}

const folder = resolve(import.meta.dirname, '../../docs/benchmarks')

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN
}

/** Prints the table beside the run before it and keeps the figures as JSON. */
export function report(figures: readonly Figure[]): void {
  mkdirSync(folder, { recursive: true })
  const latest = join(folder, 'latest.json')
  const before = new Map<string, Figure>()
  if (existsSync(latest))
    for (const figure of (JSON.parse(readFileSync(latest, 'utf8')) as { figures: Figure[] }).figures) before.set(figure.name, figure)
  const show = (figure?: Figure): string =>
    figure ? `${figure.value.toFixed(1)}${figure.p99 === undefined ? '' : ` / ${figure.p99.toFixed(1)}`}` : ''
  const rows = figures.map((figure) => [figure.name, figure.unit, show(figure), show(before.get(figure.name))])
  const table = [['measure', 'unit', 'now (p50 / p99)', 'the run before'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  for (const row of table) console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   '))
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const run = {
    date: new Date().toISOString(),
    commit,
    machine: { cores: cpus().length, model: cpus()[0]?.model ?? '', memoryMB: Math.round(totalmem() / 2 ** 20) },
    setting: '1280x720 at 30 frames per second; agent, Firefox, server and headless Chromium viewer on one machine over loopback',
    figures,
  }
  const text = `${JSON.stringify(run, null, 2)}\n`
  writeFileSync(latest, text)
  writeFileSync(join(folder, `${run.date.slice(0, 10)}-${commit}.json`), text)
}
