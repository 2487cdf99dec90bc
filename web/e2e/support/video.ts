import { expect, type Page } from '@playwright/test'

export interface Colour {
  r: number
  g: number
  b: number
}

/** The mean colour of a small square of the streamed picture; x and y are parts of its width and height. */
export async function colourAt(page: Page, x = 0.5, y = 0.6): Promise<Colour | null> {
  return page.getByTestId('stage-video').evaluate(
    (element, at) => {
      const video = element as HTMLVideoElement
      if (video.videoWidth === 0 || video.readyState < 2) return null
      const canvas = document.createElement('canvas')
      canvas.width = 16
      canvas.height = 16
      const context = canvas.getContext('2d', { willReadFrequently: true })
      if (!context) return null
      context.drawImage(video, at.x * video.videoWidth - 8, at.y * video.videoHeight - 8, 16, 16, 0, 0, 16, 16)
      const { data } = context.getImageData(0, 0, 16, 16)
      const sum = { r: 0, g: 0, b: 0 }
      for (let i = 0; i < data.length; i += 4) {
        sum.r += data[i] ?? 0
        sum.g += data[i + 1] ?? 0
        sum.b += data[i + 2] ?? 0
      }
      return { r: sum.r / 256, g: sum.g / 256, b: sum.b / 256 }
    },
    { x, y },
  )
}

const near = (seen: Colour | null, wanted: Colour): boolean =>
  seen !== null && Math.abs(seen.r - wanted.r) < 24 && Math.abs(seen.g - wanted.g) < 24 && Math.abs(seen.b - wanted.b) < 24

/** Waits until the streamed picture shows a colour, or the one that is right by then. */
export async function expectColour(page: Page, colour: Colour | (() => Colour), message: string): Promise<void> {
  let seen: Colour | null = null
  let wanted: Colour | null = null
  await expect
    .poll(
      async () => {
        seen = await colourAt(page)
        wanted = typeof colour === 'function' ? colour() : colour
        return near(seen, wanted)
      },
      { message, timeout: 60_000 },
    )
    .toBe(true)
    .catch((error: unknown) => {
      throw new Error(`${message}: wanted ${JSON.stringify(wanted)}, saw ${JSON.stringify(seen)}`, { cause: error })
    })
}

export const red: Colour = { r: 200, g: 0, b: 0 }
export const green: Colour = { r: 0, g: 160, b: 0 }
export const blue: Colour = { r: 0, g: 0, b: 200 }
export const magenta: Colour = { r: 200, g: 0, b: 200 }

/** Loudness and strongest frequency of the sound that this page receives from the browser. */
export async function listen(page: Page): Promise<{ energy: number; frequency: number }> {
  return page.getByTestId('stage-video').evaluate(async (element) => {
    const stream = (element as HTMLVideoElement).srcObject as MediaStream | null
    const track = stream?.getAudioTracks()[0]
    if (!track) return { energy: 0, frequency: 0 }
    const audio = new AudioContext({ sampleRate: 48000 })
    const analyser = audio.createAnalyser()
    analyser.fftSize = 8192
    analyser.smoothingTimeConstant = 0
    audio.createMediaStreamSource(new MediaStream([track])).connect(analyser)
    await audio.resume()
    const filled = audio.currentTime + 0.3
    while (audio.currentTime < filled) await new Promise(requestAnimationFrame)
    const wave = new Float32Array(analyser.fftSize)
    analyser.getFloatTimeDomainData(wave)
    const spectrum = new Float32Array(analyser.frequencyBinCount)
    analyser.getFloatFrequencyData(spectrum)
    await audio.close()
    const loudest = spectrum.indexOf(Math.max(...spectrum))
    return {
      energy: Math.sqrt(wave.reduce((sum, sample) => sum + sample * sample, 0) / wave.length),
      frequency: (loudest * 48000) / 8192,
    }
  })
}
