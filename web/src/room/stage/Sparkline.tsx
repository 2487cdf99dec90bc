import { line } from './line';
import classes from './Statistics.module.css';

const box = { width: 100, height: 22 };

/** The last two minutes as a line, for the eye alone: the newest value stands beside it in words. */
export function Sparkline({ values }: { values: readonly (number | null)[] }) {
  return (
    <svg className={classes.line} viewBox={`0 0 ${box.width} ${box.height}`} preserveAspectRatio="none" aria-hidden>
      <path d={line(values, box)} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" strokeLinecap="round" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
