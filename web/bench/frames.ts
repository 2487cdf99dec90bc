import type { Page } from '@playwright/test'
import type { Luma } from './clip'

export interface Grabbed extends Luma {
  /** VideoColorSpace.matrix. */
  matrix: string | null
}

interface Kept {
  buffer: ArrayBuffer
  offset: number
  stride: number
  width: number
  height: number
  matrix: string | null
}

/**
 * The brightness of shown frames as the decoder gave it, untouched by colour conversion or the size of the element: every
 * `step`-th of those shown from now on, or with step 0 the one that is shown now.
 */
export async function grab(page: Page, count: number, step: number): Promise<Grabbed[]> {
  await page.evaluate(
    async ([wanted, every]) => {
      const video = document.querySelector<HTMLVideoElement>('[data-testid="stage-video"]')
      if (!video) throw new Error('no video')
      const kept: Kept[] = []
      Object.assign(globalThis, { benchFrames: kept })
      const take = async (): Promise<void> => {
        const frame = new VideoFrame(video)
        if (frame.format !== 'I420' && frame.format !== 'NV12') throw new Error(`a frame of format ${String(frame.format)}`)
        const buffer = new ArrayBuffer(frame.allocationSize())
        const [plane] = await frame.copyTo(buffer)
        const { width, height } = frame.visibleRect ?? { width: 0, height: 0 }
        kept.push({ buffer, offset: plane?.offset ?? 0, stride: plane?.stride ?? width, width, height, matrix: frame.colorSpace.matrix })
        frame.close()
      }
      if (every === 0) {
        await take()
        return
      }
      for (let seen = 1; kept.length < wanted; seen++) {
        await new Promise<void>((done) => { video.requestVideoFrameCallback(() => { done() }) })
        if (seen % every === 0) await take()
      }
    },
    [count, step] as const,
  )
  const grabbed: Grabbed[] = []
  for (let i = 0; i < (step === 0 ? 1 : count); i++) {
    const { text, offset, stride, width, height, matrix } = await page.evaluate(async (index) => {
      const { benchFrames } = globalThis as unknown as { benchFrames: Kept[] }
      const kept = benchFrames[index]
      if (!kept) throw new Error('no such frame')
      const reader = new FileReader()
      reader.readAsDataURL(new Blob([kept.buffer.slice(0, kept.offset + kept.stride * kept.height)]))
      await new Promise((done) => { reader.onload = done })
      const { offset, stride, width, height, matrix } = kept
      return { text: (reader.result as string).split(',')[1] ?? '', offset, stride, width, height, matrix }
    }, i)
    const bytes = Buffer.from(text, 'base64')
    const data = new Uint8Array(width * height)
    for (let y = 0; y < height; y++) data.set(bytes.subarray(offset + y * stride, offset + y * stride + width), y * width)
    grabbed.push({ data, width, height, matrix })
  }
  return grabbed
}
