import type { Size } from '../stream/letterbox';

/** How many values a whole line has; fewer stand at its right end. */
const whole = 60;

/** The path of a line from 0 at the bottom to the largest value at the top, with gaps where nothing is known. */
export function line(values: readonly (number | null)[], { width, height }: Size): string {
  const largest = Math.max(...values.map((value) => value ?? 0), Number.EPSILON);
  const margin = 1;
  let drawing = false;
  return values
    .map((value, index) => {
      if (value === null) {
        drawing = false;
        return '';
      }
      const x = width - (values.length - 1 - index) * (width / (whole - 1));
      const y = height - margin - (value / largest) * (height - 2 * margin);
      const command = drawing ? 'L' : 'M';
      drawing = true;
      return `${command}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
