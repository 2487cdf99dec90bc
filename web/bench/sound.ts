import type { Page } from '@playwright/test'

/** When a page showed each flip and heard each tone, in its performance.now(). */
export interface Heard {
  flips: number[]
  tones: number[]
}

interface State extends Heard {
  before: number
}

/**
 * Starts noting, in a page that watches /flash: a flip at the time the frame with it is expected on the screen
 * (requestVideoFrameCallback), a tone at the time its first loud sample is heard: the time of that sample in the audio
 * graph, by getOutputTimestamp, which knows what the output still holds.
 */
export async function listen(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const video = document.querySelector<HTMLVideoElement>('[data-testid="stage-video"]')
    const track = (video?.srcObject as MediaStream | null)?.getAudioTracks()[0]
    if (!video || !track) throw new Error('no picture or no sound')
    const state: State = { flips: [], tones: [], before: 0 }
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

    const worklet = `registerProcessor('onset', class extends AudioWorkletProcessor {
      quiet = 0
      process([[channel]]) {
        for (let i = 0; channel && i < channel.length; i++) {
          if (Math.abs(channel[i]) > 0.1) {
            if (this.quiet > sampleRate / 4) this.port.postMessage(currentTime + i / sampleRate)
            this.quiet = 0
          } else this.quiet++
        }
        return true
      }
    })`
    const audio = new AudioContext({ sampleRate: 48000, latencyHint: 'interactive' })
    await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([worklet], { type: 'text/javascript' })))
    const onset = new AudioWorkletNode(audio, 'onset')
    onset.port.onmessage = ({ data }: MessageEvent<number>) => {
      const { contextTime = 0, performanceTime = 0 } = audio.getOutputTimestamp()
      state.tones.push(performanceTime + (data - contextTime) * 1000)
    }
    const silent = audio.createGain()
    silent.gain.value = 0
    audio.createMediaStreamSource(new MediaStream([track])).connect(onset).connect(silent).connect(audio.destination)
    await audio.resume()
  })
}

/**
 * Makes a page watch itself: a picture and a sound of its own, as /flash has them, sent by one peer connection to another in
 * the same page. What listen finds there is Chromium's and the method's own part. `known` reads how far each flip was off.
 */
export async function loopback(page: Page): Promise<{ known: () => Promise<number[]> }> {
  await page.evaluate(async () => {
    const canvas = document.createElement('canvas')
    canvas.width = 320
    canvas.height = 180
    const context = canvas.getContext('2d')
    const audio = new AudioContext({ sampleRate: 48000, latencyHint: 'interactive' })
    await audio.resume()
    const tone = audio.createOscillator()
    const gain = audio.createGain()
    const out = audio.createMediaStreamDestination()
    tone.frequency.value = 1000
    gain.gain.value = 0
    tone.connect(gain).connect(out)
    tone.start()
    const known: number[] = []
    Object.assign(globalThis, { benchKnown: known })
    let on = false
    let at = Infinity
    const plan = (): void => {
      at = performance.now() + 1000 + Math.random() * 400
      const heard = audio.currentTime + (at - performance.now()) / 1000
      gain.gain.setValueAtTime(0.8, heard)
      gain.gain.setValueAtTime(0, heard + 0.2)
    }
    const draw = (now: number): void => {
      if (now >= at - 8) {
        on = !on
        known.push(now - at)
        plan()
      }
      if (context) {
        context.fillStyle = on ? '#0000d0' : '#d00000'
        context.fillRect(0, 0, canvas.width, canvas.height)
      }
      requestAnimationFrame(draw)
    }
    plan()
    requestAnimationFrame(draw)

    const sent = new MediaStream([...canvas.captureStream(30).getTracks(), ...out.stream.getTracks()])
    const from = new RTCPeerConnection()
    const to = new RTCPeerConnection()
    from.onicecandidate = ({ candidate }) => { void to.addIceCandidate(candidate ?? undefined) }
    to.onicecandidate = ({ candidate }) => { void from.addIceCandidate(candidate ?? undefined) }
    for (const track of sent.getTracks()) from.addTrack(track, sent)
    const video = document.createElement('video')
    video.dataset.testid = 'stage-video'
    video.autoplay = true
    const media = new MediaStream()
    video.srcObject = media
    document.body.append(video)
    to.ontrack = ({ track }) => { media.addTrack(track) }
    await from.setLocalDescription()
    await to.setRemoteDescription(from.localDescription ?? { type: 'offer' })
    await to.setLocalDescription()
    await from.setRemoteDescription(to.localDescription ?? { type: 'answer' })
    await video.play()
  })
  return { known: () => page.evaluate(() => (globalThis as unknown as { benchKnown: number[] }).benchKnown) }
}

export function heard(page: Page): Promise<Heard> {
  return page.evaluate(() => {
    const { flips, tones } = (globalThis as unknown as { benchHeard: Heard }).benchHeard
    return { flips, tones }
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
