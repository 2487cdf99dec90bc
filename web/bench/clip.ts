import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The clip: 20 s of 1280x720 at 30. */
export const clip = { width: 1280, height: 720, rate: 30, frames: 600 } as const

/**
 * The marker in the upper left corner: a row of squares, white, black, then the frame's number from its lowest bit on.
 * A square is whole macroblocks, so that it survives every encoder here.
 */
export const marker = { square: 16, bits: 10, width: 12 * 16, height: 16 } as const

/**
 * Natural-looking motion with fine detail that everybody can make again: a zoom into the Mandelbrot set with noise. Each
 * frame carries its number. Made once a machine; the name changes with what it is made of.
 */
export function makeClip(): string {
  const { square, width, height } = marker
  const lit = `if(lt(X,${square}),1,if(lt(X,${2 * square}),0,mod(floor(N/pow(2,floor(X/${square})-2)),2)))`
  const args = [
    '-f', 'lavfi', '-i', `mandelbrot=size=${clip.width}x${clip.height}:rate=${clip.rate}:end_scale=0.01`,
    '-f', 'lavfi', '-i', `color=black:size=${width}x${height}:rate=${clip.rate},format=yuv420p,geq=lum='16+219*${lit}':cb=128:cr=128`,
    '-filter_complex', '[0]noise=alls=6:allf=t,format=yuv420p[a];[a][1]overlay=0:0:format=yuv420',
    '-frames:v', String(clip.frames), '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-g', '30', '-pix_fmt', 'yuv420p',
    '-movflags', '+faststart',
  ]
  const file = join(tmpdir(), `turtus-bench-${createHash('sha256').update(args.join(' ')).digest('hex').slice(0, 12)}.mp4`)
  if (!existsSync(file)) {
    const unfinished = `${file}.${process.pid}.mp4`
    execFileSync('ffmpeg', ['-v', 'error', '-y', ...args, unfinished])
    renameSync(unfinished, file)
  }
  return file
}

/** A plane of brightness, as video has it: 16 to 235. */
export interface Luma {
  data: Uint8Array
  width: number
  height: number
}

/** The number in the marker whose corner is at (x, y); undefined when there is none. It runs in pages too: all it needs is given. */
export function readMarker(picture: Luma, x: number, y: number, { square, bits } = { ...marker }): number | undefined {
  const lit = (index: number): boolean => {
    let sum = 0
    for (let row = 6; row < 10; row++)
      for (let column = 6; column < 10; column++) sum += picture.data[(y + row) * picture.width + x + index * square + column] ?? 0
    return sum / 16 > 125
  }
  if (!lit(0) || lit(1)) return undefined
  let value = 0
  for (let bit = 0; bit < bits; bit++) if (lit(bit + 2)) value |= 1 << bit
  return value
}
