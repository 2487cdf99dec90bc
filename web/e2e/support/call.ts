import { expect, type Page } from '@playwright/test'
import type { Person } from './room'

interface Recorded {
  voices: HTMLAudioElement[]
  taken: MediaStreamTrack[]
  sockets: WebSocket[]
  connections: RTCPeerConnection[]
}

type Recording = typeof globalThis & { testCall: Recorded }

/** What somebody needs who talks: Chromium's fake devices, and the room's toolbar. */
export const talker = { permissions: ['clipboard-read', 'clipboard-write', 'microphone', 'camera'] }

/** Keeps what the page plays, takes and opens, so that a test can measure it. Before the first page. */
export async function recordCall(person: Person): Promise<void> {
  await person.context.addInitScript(() => {
    const kept: Recorded = { voices: [], taken: [], sockets: [], connections: [] }
    Object.assign(globalThis, { testCall: kept })
    const { Audio, WebSocket, RTCPeerConnection } = globalThis
    globalThis.Audio = class extends Audio {
      constructor() {
        super()
        kept.voices.push(this)
      }
    }
    globalThis.WebSocket = class extends WebSocket {
      constructor(url: string | URL) {
        super(url)
        kept.sockets.push(this)
      }
    }
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        kept.connections.push(this)
      }
    }
    const { mediaDevices } = navigator
    const take = mediaDevices.getUserMedia.bind(mediaDevices)
    mediaDevices.getUserMedia = async (constraints) => {
      const stream = await take(constraints)
      kept.taken.push(...stream.getTracks())
      return stream
    }
  })
}

const bubbleOf = (viewer: Person, name: string) => viewer.page.getByTestId('bubble').filter({ hasText: name })

/** How loud a speaker is played to a listener; null when they are not played at all. */
async function loudness(listener: Person, speaker: Person): Promise<number | null> {
  const peer = await bubbleOf(listener, speaker.name).getAttribute('data-peer')
  return listener.page.evaluate(async (id) => {
    const played = (globalThis as Recording).testCall.voices.findLast((element) => !element.paused && element.dataset.peer === id)
    const track = (played?.srcObject as MediaStream | null | undefined)?.getAudioTracks()[0]
    if (!track) return null
    const audio = new AudioContext()
    const analyser = audio.createAnalyser()
    analyser.fftSize = 2048
    audio.createMediaStreamSource(new MediaStream([track])).connect(analyser)
    await audio.resume()
    const wave = new Float32Array(analyser.fftSize)
    let loudest = 0
    // The fake microphone beeps once a second.
    const until = audio.currentTime + 1.5
    while (audio.currentTime < until) {
      analyser.getFloatTimeDomainData(wave)
      loudest = Math.max(loudest, Math.sqrt(wave.reduce((sum, sample) => sum + sample * sample, 0) / wave.length))
      await new Promise((next) => setTimeout(next, 10))
    }
    await audio.close()
    return loudest
  }, peer)
}

export async function hears(listener: Person, speaker: Person): Promise<void> {
  await expect(async () => {
    expect(await loudness(listener, speaker), `${listener.name} hears ${speaker.name}`).toBeGreaterThan(0.005)
  }).toPass({ timeout: 60_000 })
}

export async function hearsNothingOf(listener: Person, speaker: Person): Promise<void> {
  await expect.poll(async () => loudness(listener, speaker), { message: `${listener.name} is played nothing of ${speaker.name}` }).toBeNull()
}

/** Sees that a friend's picture is there and goes on moving. */
export async function seesMoving(viewer: Person, friend: Person): Promise<void> {
  const looks = new Set<string>()
  await expect
    .poll(
      async () => {
        const look = await bubbleOf(viewer, friend.name).evaluate((bubble) => {
          const video = bubble.querySelector('video')
          const context = Object.assign(document.createElement('canvas'), { width: 32, height: 18 }).getContext('2d')
          if (!video || video.readyState < 2 || !context) return ''
          context.drawImage(video, 0, 0, 32, 18)
          return Array.from(context.getImageData(0, 0, 32, 18).data, (value) => value >> 5).join('')
        })
        if (look !== '') looks.add(look)
        return looks.size
      },
      { message: `${viewer.name} sees ${friend.name} move`, timeout: 60_000 },
    )
    .toBeGreaterThan(2)
}

export async function seesNoPictureOf(viewer: Person, friend: Person): Promise<void> {
  await expect(bubbleOf(viewer, friend.name)).toHaveCount(1)
  await expect(bubbleOf(viewer, friend.name).locator('video')).toHaveCount(0)
}

export const muteMark = (viewer: Person, friend: Person) => bubbleOf(viewer, friend.name).getByTestId('muted-mark')

export async function press(person: Person, button: 'microphone' | 'camera', state: 'on' | 'off' | 'muted'): Promise<void> {
  await person.page.getByTestId(button).click()
  await expect(person.page.getByTestId(button)).toHaveAttribute('data-state', state)
}

/** What has come to a page of all calls so far: pictures, and how loud the sound in the packets was. */
export async function received(page: Page): Promise<{ frames: number; energy: number; connections: number }> {
  return page.evaluate(async () => {
    const open = (globalThis as Recording).testCall.connections.filter(({ connectionState }) => connectionState === 'connected')
    const sum = { frames: 0, energy: 0, connections: (globalThis as Recording).testCall.connections.length }
    for (const connection of open) {
      for (const each of (await connection.getStats()).values() as Iterable<{ type: string; framesDecoded?: number; totalAudioEnergy?: number }>) {
        if (each.type !== 'inbound-rtp') continue
        sum.frames += each.framesDecoded ?? 0
        sum.energy += each.totalAudioEnergy ?? 0
      }
    }
    return sum
  })
}

/** The device that the page took last. */
export const taken = (page: Page): Promise<string | undefined> => page.evaluate(() => (globalThis as Recording).testCall.taken.at(-1)?.getSettings().deviceId)

/** Takes the hub from a page, and gives it back. */
export async function cutHub(page: Page): Promise<() => Promise<void>> {
  const join = '**/api/v1/rooms/*/join'
  await page.route(join, (route) => route.abort())
  await page.evaluate(() => {
    for (const socket of (globalThis as Recording).testCall.sockets) socket.close()
  })
  await expect(page.getByTestId('connection')).toHaveAttribute('data-status', 'reconnecting')
  return async () => {
    await page.unroute(join)
    await expect(page.getByTestId('connection')).toHaveAttribute('data-status', 'online')
  }
}

/** A page that lies: it says that its microphone is off, and sends all the same. */
export async function speakSecretly(person: Person): Promise<void> {
  await person.page.evaluate(() => {
    for (const track of (globalThis as Recording).testCall.taken) track.enabled = true
  })
}
