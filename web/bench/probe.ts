import type { Page } from '@playwright/test'

/** Installed before the page's own code: notes when the stream was asked for and when its first frame was shown. */
export function watchFirstFrame(): void {
  const times: { asked?: number; firstFrame?: number } = {}
  Object.assign(globalThis, { benchTimes: times })
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own socket as this, below
  const send = WebSocket.prototype.send
  WebSocket.prototype.send = function (data) {
    if (typeof data === 'string' && data.includes('"stream.request"')) times.asked ??= performance.now()
    send.call(this, data)
  }
  const observer = new MutationObserver(() => {
    const video = document.querySelector<HTMLVideoElement>('[data-testid="stage-video"]')
    if (!video) return
    observer.disconnect()
    video.requestVideoFrameCallback((now) => { times.firstFrame = now })
  })
  observer.observe(document, { childList: true, subtree: true })
}

export async function firstFrame(page: Page): Promise<{ fromNavigation: number; fromRequest: number }> {
  const handle = await page.waitForFunction(() => {
    const { benchTimes } = globalThis as unknown as { benchTimes: { asked?: number; firstFrame?: number } }
    return benchTimes.firstFrame !== undefined && benchTimes.asked !== undefined
      ? { fromNavigation: benchTimes.firstFrame, fromRequest: benchTimes.firstFrame - benchTimes.asked }
      : false
  }, undefined, { timeout: 120_000 })
  return (await handle.jsonValue()) as { fromNavigation: number; fromRequest: number }
}

/** Installed before the page's own code: from the click on Start to the first frame shown, and to the first whose middle is coloured, as the room's page is. */
export function watchStart(): void {
  const times: { clicked?: number; firstFrame?: number; firstPage?: number } = {}
  Object.assign(globalThis, { benchStart: times })
  addEventListener('click', (event) => {
    if (event.target instanceof Element && event.target.closest('[data-testid="start-browser"]')) times.clicked ??= event.timeStamp
  }, { capture: true })
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 4
  const context = canvas.getContext('2d', { willReadFrequently: true })
  const observer = new MutationObserver(() => {
    const video = document.querySelector<HTMLVideoElement>('[data-testid="stage-video"]')
    if (!video) return
    observer.disconnect()
    const frame = (now: number): void => {
      times.firstFrame ??= now
      context?.drawImage(video, video.videoWidth / 2, video.videoHeight * 0.6, 4, 4, 0, 0, 4, 4)
      const [red = 0, , blue = 0] = context?.getImageData(0, 0, 4, 4).data ?? []
      if (Math.abs(red - blue) > 80) times.firstPage = now
      else video.requestVideoFrameCallback(frame)
    }
    video.requestVideoFrameCallback(frame)
  })
  observer.observe(document, { childList: true, subtree: true })
}

/** What watchStart saw, once it has seen all of it: milliseconds from the click. */
export async function started(page: Page): Promise<{ firstFrame: number; firstPage: number }> {
  const handle = await page.waitForFunction(() => {
    const { clicked, firstFrame, firstPage } = (globalThis as unknown as { benchStart: { clicked?: number; firstFrame?: number; firstPage?: number } }).benchStart
    return clicked !== undefined && firstFrame !== undefined && firstPage !== undefined ? { firstFrame: firstFrame - clicked, firstPage: firstPage - clicked } : false
  }, undefined, { timeout: 120_000 })
  return (await handle.jsonValue()) as { firstFrame: number; firstPage: number }
}

/**
 * Arms the page: from the next pointerdown on, the time until a frame is shown whose middle differs from the one
 * before. The result is asked for by clickLatency.
 */
async function arm(page: Page): Promise<void> {
  await page.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement>('[data-testid="stage-video"]')
    if (!video) throw new Error('no video')
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 4
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (!context) throw new Error('no canvas')
    const middle = (): number => {
      context.drawImage(video, video.videoWidth / 2, video.videoHeight * 0.6, 4, 4, 0, 0, 4, 4)
      const { data } = context.getImageData(0, 0, 4, 4)
      return (data[0] ?? 0) - (data[2] ?? 0)
    }
    const before = middle()
    const state: { latency?: number } = {}
    Object.assign(globalThis, { benchClick: state })
    let pressed = 0
    addEventListener('pointerdown', (event) => { pressed = event.timeStamp }, { once: true, capture: true })
    const frame = (now: number): void => {
      if (pressed > 0 && Math.abs(middle() - before) > 80) state.latency = now - pressed
      else video.requestVideoFrameCallback(frame)
    }
    video.requestVideoFrameCallback(frame)
  })
}

/** Click to picture in milliseconds: from the browser's own time stamp of the pointerdown to the frame on the page. */
export async function clickLatency(page: Page, at: { x: number; y: number }): Promise<number> {
  await arm(page)
  await page.mouse.move(at.x + Math.random() * 8, at.y + Math.random() * 8)
  await page.mouse.down()
  await page.mouse.up()
  const handle = await page.waitForFunction(
    () => (globalThis as unknown as { benchClick: { latency?: number } }).benchClick.latency ?? false,
    undefined,
    { timeout: 10_000, polling: 'raf' },
  )
  return (await handle.jsonValue()) as number
}

export interface Playback {
  framesPerSecond: number
  freezes: number
  longestGap: number
  bytesPerSecond: number
}

/** What the page's connections received so far of picture or sound or both, with RTP's headers and without, how many frames, and when that was. */
export function received(page: Page, kind?: 'video' | 'audio'): Promise<{ bytes: number; payload: number; frames: number; at: number }> {
  return page.evaluate(async (only) => {
    const { benchPeers } = globalThis as unknown as { benchPeers: RTCPeerConnection[] }
    let bytes = 0
    let payload = 0
    let frames = 0
    for (const peer of benchPeers) {
      if (peer.connectionState !== 'connected') continue
      for (const report of (await peer.getStats()).values() as Iterable<{ type: string; kind?: string; bytesReceived?: number; headerBytesReceived?: number; framesReceived?: number }>)
        if (report.type === 'inbound-rtp' && (!only || report.kind === only)) {
          payload += report.bytesReceived ?? 0
          frames += report.framesReceived ?? 0
          bytes += (report.bytesReceived ?? 0) + (report.headerBytesReceived ?? 0)
        }
    }
    return { bytes, payload, frames, at: performance.now() }
  }, kind)
}

/** Watches the picture for some seconds: frames shown, gaps over 200 ms, bytes received. */
export async function playback(page: Page, seconds: number): Promise<Playback> {
  const bytes = async (): Promise<number> => (await received(page)).bytes
  const before = await bytes()
  const result = await page.evaluate(
    (duration) =>
      new Promise<{ frames: number; freezes: number; longestGap: number; elapsed: number }>((done) => {
        const video = document.querySelector<HTMLVideoElement>('[data-testid="stage-video"]')
        if (!video) throw new Error('no video')
        const start = performance.now()
        let frames = 0
        let freezes = 0
        let longestGap = 0
        let last = start
        const gap = (now: number): void => {
          longestGap = Math.max(longestGap, now - last)
          if (now - last > 200) freezes++
          last = now
        }
        const frame = (now: number): void => {
          gap(now)
          frames++
          video.requestVideoFrameCallback(frame)
        }
        video.requestVideoFrameCallback(frame)
        setTimeout(() => {
          const now = performance.now()
          gap(now)
          done({ frames, freezes, longestGap, elapsed: now - start })
        }, duration)
      }),
    seconds * 1000,
  )
  const after = await bytes()
  return {
    framesPerSecond: (result.frames / result.elapsed) * 1000,
    freezes: result.freezes,
    longestGap: result.longestGap,
    bytesPerSecond: ((after - before) / result.elapsed) * 1000,
  }
}

/** Keeps the page's peer connections for getStats. */
export function keepPeers(): void {
  const peers: RTCPeerConnection[] = []
  Object.assign(globalThis, { benchPeers: peers })
  const Original = globalThis.RTCPeerConnection
  globalThis.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      peers.push(this)
    }
  }
}
