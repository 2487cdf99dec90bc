import { expect, type Page } from '@playwright/test'
import { recordCall, seesMoving, press, talker } from './support/call'
import { test } from './support/test'
import { unique } from './support/room'

/** How many different looks of the shared picture are seen: a still one has one. */
const moves = async (page: Page): Promise<void> => {
  const looks = new Set<string>()
  await expect
    .poll(
      async () => {
        const look = await page.getByTestId('shared-video').evaluate((element) => {
          const video = element as HTMLVideoElement
          const context = Object.assign(document.createElement('canvas'), { width: 64, height: 36 }).getContext('2d')
          if (video.readyState < 2 || !context) return ''
          context.drawImage(video, 0, 0, 64, 36)
          return Array.from(context.getImageData(0, 0, 64, 36).data, (value) => value >> 4).join('')
        })
        if (look !== '') looks.add(look)
        return looks.size
      },
      { message: 'the shared picture moves', timeout: 60_000 },
    )
    .toBeGreaterThan(2)
}

/** How loud the sound is that comes with it. */
const sounds = async (page: Page): Promise<void> => {
  await expect(async () => {
    const loudest = await page.getByTestId('shared-video').evaluate(async (element) => {
      const [track] = ((element as HTMLVideoElement).srcObject as MediaStream).getAudioTracks()
      if (!track) return 0
      const audio = new AudioContext()
      const analyser = audio.createAnalyser()
      analyser.fftSize = 2048
      audio.createMediaStreamSource(new MediaStream([track])).connect(analyser)
      await audio.resume()
      const wave = new Float32Array(analyser.fftSize)
      let most = 0
      const until = audio.currentTime + 1.5
      while (audio.currentTime < until) {
        analyser.getFloatTimeDomainData(wave)
        most = Math.max(most, ...wave.map(Math.abs))
        await new Promise((next) => setTimeout(next, 10))
      }
      await audio.close()
      return most
    })
    expect(loudest).toBeGreaterThan(0.02)
  }).toPass({ timeout: 60_000 })
}

/**
 * A screen as Chromium would give it, of a canvas that moves and a tone: what a headless Chromium captures differs from one release to the
 * next, and from here on it is all real.
 */
const giveScreens = async (page: Page): Promise<void> => {
  await page.addInitScript(() => {
    navigator.mediaDevices.getDisplayMedia = () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 })
      const context = canvas.getContext('2d')
      let n = 0
      setInterval(() => {
        if (!context) return
        context.fillStyle = `hsl(${(n * 9) % 360} 90% 50%)`
        context.fillRect(0, 0, 1280, 720)
        context.fillStyle = '#fff'
        context.fillRect((n++ * 16) % 1200, 200, 80, 320)
      }, 33)
      const audio = new AudioContext()
      const tone = audio.createOscillator()
      const out = audio.createMediaStreamDestination()
      tone.connect(out)
      tone.start()
      void audio.resume()
      const stream = new MediaStream([...canvas.captureStream(30).getTracks(), ...out.stream.getTracks()])
      Object.assign(globalThis, { testScreen: stream })
      return Promise.resolve(stream)
    }
  })
}

test('somebody shares a screen with its sound with two others, and who comes later', async ({ arrive }) => {
  const [ann, ben, cleo] = [await arrive('Ann', talker), await arrive('Ben', talker), await arrive('Cleo', talker)]
  for (const person of [ann, ben, cleo]) {
    await recordCall(person)
    await giveScreens(person.page)
  }
  await ann.signUp()
  await ann.createRoom(unique('Share'), '')
  const link = await ann.inviteLink()
  await ben.joinAsGuest(link)

  await test.step('the picture moves and the sound is heard', async () => {
    await ann.page.getByTestId('share-screen').click()
    await expect(ann.page.getByTestId('share-stop')).toBeVisible()
    await moves(ben.page)
    await sounds(ben.page)
  })

  await test.step('text keeps its size, whatever the line carries', async () => {
    await ann.page.getByTestId('share-hint').getByText('Sharp text').click()
    await expect.poll(() => ben.page.getByTestId('shared-video').evaluate((video) => (video as HTMLVideoElement).videoWidth), { timeout: 60_000 }).toBe(1280)
    await moves(ben.page)
  })

  await test.step('who comes later gets it too, and a camera beside it is a camera', async () => {
    await cleo.joinAsGuest(link)
    await moves(cleo.page)
    await sounds(cleo.page)
    await press(cleo, 'camera', 'on')
    await seesMoving(ann, cleo)
    await press(ann, 'camera', 'on')
    await seesMoving(cleo, ann)
    await seesMoving(ben, ann)
    await moves(ben.page)
  })

  await test.step('the viewer has it beside the browser, or not at all', async () => {
    await ben.page.getByTestId('share-view').getByText('Both').click()
    await moves(ben.page)
    await ben.page.getByTestId('share-view').getByText('Browser').click()
    await expect(ben.page.getByTestId('shared-video')).toHaveCount(0)
    await ben.page.getByTestId('share-view').getByText('Screen').click()
    await moves(ben.page)
  })

  await test.step('it ends by the browser’s own bar, for everybody', async () => {
    await ann.page.evaluate(() => {
      const { testScreen } = globalThis as unknown as { testScreen: MediaStream }
      for (const track of testScreen.getVideoTracks()) {
        track.stop()
        track.dispatchEvent(new Event('ended'))
      }
    })
    for (const person of [ann, ben, cleo]) await expect(person.page.getByTestId('shared-screen')).toHaveCount(0)
  })

  await test.step('another one follows, and a page that is loaded again ends its own', async () => {
    await ann.page.getByTestId('share-screen').click()
    await moves(ben.page)
    await sounds(cleo.page)
    await ann.page.reload()
    for (const person of [ben, cleo]) await expect(person.page.getByTestId('shared-screen')).toHaveCount(0)
  })
})
