import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from '@playwright/test'
import { Meter } from './processes'
import { seconds, test } from './stage'
import { displayOf } from './xserver'

// A stand-in for the whole peer: the pipeline of GStreamer's elements that a virtual browser is usually made of, on our
// display. Only its CPU and bytes are measured. BENCH_PEER=1 installs GStreamer and asks for it.
test('peer', async ({ stage, figures }) => {
  test.skip(!process.env.BENCH_PEER, 'BENCH_PEER=1 asks for it')
  for (const [content, state] of [['flip', 'still page'], ['text', 'scrolling text'], ['clip', 'clip']] as const) {
    await stage.show(content)
    const display = displayOf(stage.server.pid)
    await stage.withoutAnn()
    const pipeline = `ximagesrc display-name=${display.DISPLAY} use-damage=false ! video/x-raw,framerate=30/1 ! videoconvert ! `
      + 'x264enc tune=zerolatency speed-preset=veryfast bitrate=3072 key-int-max=30 ! fdsink fd=1'
    const child = spawn('gst-launch-1.0', ['-q', ...pipeline.split(' ')], { env: { ...process.env, ...display }, stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = new Promise((done) => child.once('exit', done))
    let bytes = 0
    child.stdout.on('data', (chunk: Buffer) => { bytes += chunk.length })
    await once(child, 'spawn')
    try {
      await expect.poll(() => bytes, { message: 'GStreamer encodes' }).toBeGreaterThan(0)
      const loads: number[] = []
      const rates: number[] = []
      for (let i = 0; i < 3; i++) {
        const meter = new Meter(child.pid ?? 0)
        const before = { bytes, at: performance.now() }
        await new Promise((done) => setTimeout(done, seconds(8) * 1000))
        loads.push(meter.read())
        rates.push((bytes - before.bytes) / (performance.now() - before.at))
      }
      figures.add(`plain GStreamer x264 here, ${state}: CPU`, '% of a core', loads)
      figures.add(`plain GStreamer x264 here, ${state}: bytes`, 'kB/s', rates)
    } finally {
      child.kill('SIGTERM')
      await exited
    }
  }
})
