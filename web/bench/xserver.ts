import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Luma } from './clip'
import { lumaOf } from './compare'
import { processesOf } from './processes'

/** The X server of the room's browser: its display, and what lets us in, found where Firefox has them from. */
export function displayOf(server: number): { DISPLAY: string; XAUTHORITY: string } {
  for (const { pid, group } of processesOf(server)) {
    if (group !== 'firefox') continue
    const environment = new Map(
      readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
    )
    const DISPLAY = environment.get('DISPLAY')
    const XAUTHORITY = environment.get('XAUTHORITY')
    if (DISPLAY && XAUTHORITY) return { DISPLAY, XAUTHORITY }
  }
  throw new Error('no Firefox with a display')
}

/** What the X server shows now, without the pointer. */
export function screenshot(display: { DISPLAY: string; XAUTHORITY: string }, width: number, height: number, matrix: string | null): Luma {
  const pixels = execFileSync(
    'ffmpeg',
    ['-v', 'error', '-f', 'x11grab', '-draw_mouse', '0', '-video_size', `${width}x${height}`, '-i', display.DISPLAY, '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'bgr0', '-'],
    { env: { ...process.env, ...display }, maxBuffer: width * height * 8 },
  )
  return lumaOf(pixels, width, height, matrix)
}
