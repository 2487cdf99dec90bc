import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter'
import type { Figure } from './figures'
import { keep, printTables } from './report'

/** Gathers what the groups attached. It judges nothing: a group that broke has lines without figures. */
export default class BenchReporter implements Reporter {
  private readonly figures: Figure[] = []

  onTestEnd(_test: TestCase, result: TestResult): void {
    for (const { name, body } of result.attachments)
      if (name === 'figures' && body) this.figures.push(...(JSON.parse(body.toString()) as Figure[]))
  }

  onEnd(): void {
    if (this.figures.length === 0) return
    printTables(this.figures)
    if (Number(process.env.BENCH_SCALE ?? 1) === 1) keep(this.figures)
    else console.log('\nA run of another scale than 1 only tries the harness: nothing is kept.')
  }
}
