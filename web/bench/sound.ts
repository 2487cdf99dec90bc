import type { Page } from '@playwright/test'

/** When a page showed each flip and heard each tone, in its performance.now(). */
export interface Heard {
  flips: number[]
  tones: number[]
  /** How much later than the picture the sound is by the browser's own count, again and again. */
  counted: number[]
}

interface State extends Heard {
  before: number
  offset: number
}

/** Not in TypeScript's library yet (W3C mediacapture-transform). */
declare class MediaStreamTrackProcessor {
  constructor(init: { track: MediaStreamTrack })
  readonly readable: ReadableStream<AudioData>
}

/**
 * Starts noting, in a page that watches /flash: a flip at the time the frame with it is expected on the screen
 * (requestVideoFrameCallback), a tone at the time its first loud sample leaves the track for the output; how long the
 * output holds it (media-playout's delay) is added by heard. An audio graph between them would have a queue of its own,
 * which a busy machine fills. What the browser itself believes (estimatedPlayoutTimestamp) is noted beside it.
 */
export async function listen(page: Page): Promise<void> {
  await page.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement>('[data-testid="stage-video"]')
    const track = (video?.srcObject as MediaStream | null)?.getAudioTracks()[0]
    if (!video || !track) throw new Error('no picture or no sound')
    const state: State = { flips: [], tones: [], counted: [], before: 0, offset: Infinity }
    Object.assign(globalThis, { benchHeard: state })

    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 4
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (!context) throw new Error('no canvas')
    const frame = (_now: number, { expectedDisplayTime }: VideoFrameCallbackMetadata): void => {
      context.drawImage(video, video.videoWidth / 2, video.videoHeight * 0.6, 4, 4, 0, 0, 4, 4)
      const { data } = context.getImageData(0, 0, 4, 4)
      const colour = Math.sign((data[0] ?? 0) - (data[2] ?? 0))
      if (state.before !== 0 && colour !== state.before) state.flips.push(expectedDisplayTime)
      state.before = colour
      video.requestVideoFrameCallback(frame)
    }
    video.requestVideoFrameCallback(frame)

    const sound = new MediaStreamTrackProcessor({ track }).readable.getReader()
    let quiet = 0
    const hear = async (): Promise<void> => {
      for (;;) {
        const { value: data } = await sound.read()
        if (!data) return
        const at = data.timestamp / 1000
        state.offset = Math.min(state.offset, performance.now() - at)
        const samples = new Float32Array(data.numberOfFrames)
        data.copyTo(samples, { planeIndex: 0, format: 'f32-planar' })
        for (const [index, sample] of samples.entries()) {
          if (Math.abs(sample) > 0.1) {
            if (quiet > data.sampleRate / 4) state.tones.push(at + (index * 1000) / data.sampleRate)
            quiet = 0
          } else quiet++
        }
        data.close()
      }
    }
    void hear()

    const { benchPeers } = globalThis as unknown as { benchPeers: RTCPeerConnection[] }
    const count = async (): Promise<void> => {
      for (const peer of benchPeers) {
        if (peer.connectionState !== 'connected') continue
        const playing: Record<string, number | undefined> = {}
        for (const { type, kind = '', estimatedPlayoutTimestamp } of (await peer.getStats()).values() as Iterable<{ type: string; kind?: string; estimatedPlayoutTimestamp?: number }>)
          if (type === 'inbound-rtp') playing[kind] = estimatedPlayoutTimestamp
        if (playing.video && playing.audio) state.counted.push(playing.video - playing.audio)
      }
    }
    setInterval(() => void count(), 500)
  })
}

export function heard(page: Page): Promise<Heard> {
  return page.evaluate(async () => {
    const { benchHeard: { flips, tones, counted, offset }, benchPeers } = globalThis as unknown as { benchHeard: State; benchPeers: RTCPeerConnection[] }
    let device = 0
    for (const peer of benchPeers) {
      if (peer.connectionState !== 'connected') continue
      for (const { type, totalPlayoutDelay = 0, totalSamplesCount = 1 } of (await peer.getStats()).values() as Iterable<{ type: string; totalPlayoutDelay?: number; totalSamplesCount?: number }>)
        if (type === 'media-playout') device = (totalPlayoutDelay / totalSamplesCount) * 1000
    }
    return { flips, tones: tones.map((tone) => tone + offset + device), counted }
  })
}

/**
 * How much later than the picture the sound came, in milliseconds, for each flip with exactly one tone within half a
 * second. `known` is how much later than its tone the source itself flipped, in order, ending with the last flip seen.
 */
export function skews({ flips, tones }: Heard, known: readonly number[]): number[] {
  const offset = known.length - flips.length
  return flips.flatMap((flip, index) => {
    const near = tones.filter((tone) => Math.abs(tone - flip) < 500)
    const error = known[offset + index]
    return near.length === 1 && near[0] !== undefined && error !== undefined ? [near[0] - flip + error] : []
  })
}
