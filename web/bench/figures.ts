/** One figure: a median with its spread, or a single value. */
export interface Figure {
  name: string
  unit: string
  value: number
  /** The part of a hundred that the second number stands for, and that number. */
  upper?: { part: number; value: number }
  /** Of several trials. */
  low?: number
  high?: number
  samples?: number
  /** When and on what it was measured, written by the report. */
  date?: string
  commit?: string
}

/** Nearest rank. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN
}

/** What one group measured. */
export class Figures {
  readonly list: Figure[] = []

  /** The median of some trials; upper adds that quantile, as 99. Nothing is added of no trials. */
  add(name: string, unit: string, values: readonly number[] | number, upper?: number): void {
    const list = typeof values === 'number' ? [values] : values
    if (list.length === 0 || list.some((value) => !Number.isFinite(value))) return
    this.list.push({
      name,
      unit,
      value: quantile(list, 0.5),
      ...(upper === undefined ? {} : { upper: { part: upper, value: quantile(list, upper / 100) } }),
      ...(list.length > 1 ? { low: Math.min(...list), high: Math.max(...list), samples: list.length } : {}),
    })
  }
}
