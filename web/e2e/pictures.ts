import { resolve } from 'node:path'
import { Pages } from './support/pages'
import { expect, test } from './support/test'
import { unique } from './support/room'

const images = resolve(import.meta.dirname, '../../docs/images')

// A page worth watching that needs no network: a reef at night.
const reef = `<script>document.title = 'Reef at night'</script><style>body{background:none}</style>
<svg viewBox="0 0 1280 640" preserveAspectRatio="xMidYMid slice" style="position:fixed;inset:0;width:100%;height:100%">
<defs><linearGradient id="sky" x2="0" y2="1"><stop stop-color="#0b1d3a"/><stop offset=".55" stop-color="#14506b"/><stop offset="1" stop-color="#0a2a33"/></linearGradient>
<radialGradient id="moon"><stop stop-color="#fff6d8"/><stop offset=".3" stop-color="#ffe9ad" stop-opacity=".9"/><stop offset="1" stop-color="#ffe9ad" stop-opacity="0"/></radialGradient></defs>
<rect width="1280" height="640" fill="url(#sky)"/><circle cx="960" cy="130" r="190" fill="url(#moon)"/>
<g fill="#0d3b46"><path d="M0 470 Q160 380 320 460 T640 450 T960 470 T1280 440 V640 H0Z"/></g>
<g fill="#0a2b33"><path d="M0 540 Q200 470 400 545 T800 530 T1280 540 V640 H0Z"/><path d="M150 540c-30-70 10-90 0-150 40 50 20 90 40 150zM1050 540c-20-60 20-80 0-140 50 40 10 90 50 140z" fill="#1c6b5c"/></g>
<g transform="translate(540 270) rotate(-8)"><path d="M-150 20q-60-60-110-40 30 50 90 70zM110 50q40 60 100 50-20-60-80-80z" fill="#3f9e6e"/><ellipse rx="150" ry="92" fill="#2e7d5b"/>
<path d="M-60-60 0-78 60-60 78 0 50 55-50 55-78 0Z" fill="#3f9e6e" stroke="#236549" stroke-width="6"/><path d="M-60-60-110-30-78 0M60-60 110-34 78 0M50 55 84 74M-50 55-84 74M0-78V-92" stroke="#236549" stroke-width="6" fill="none"/>
<path d="M135-30q60-50 104-24 26 30-14 58-50 22-86-2z" fill="#56b885"/><circle cx="206" cy="-28" r="7" fill="#0b1d3a"/></g>
<g fill="#bfe8ff" opacity=".5"><circle cx="800" cy="260" r="7"/><circle cx="824" cy="220" r="5"/><circle cx="812" cy="180" r="4"/><circle cx="300" cy="200" r="5"/></g>
<text x="640" y="604" fill="#fff" font-size="30" text-anchor="middle" font-family="sans-serif" style="paint-order:stroke" stroke="#000" stroke-width="5">She has crossed this reef every summer for sixty years.</text></svg><script>report('ready')</script>`

test('pictures', async ({ arrive }) => {
  const pages = await Pages.start({ '/reef': reef })
  const room = unique('p')
  const ann = await (await arrive('Ann')).signUp()
  await ann.createRoom('Friday movies', `${pages.url}/reef?room=${room}`)
  await ann.startBrowser()
  const link = await ann.inviteLink()
  const ben = await (await arrive('Ben')).joinAsGuest(link)
  const cleo = await (await arrive('Cleo', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })).joinAsGuest(link)
  await expect.poll(() => pages.of(room, 'ready').length).toBeGreaterThan(0)
  await cleo.seesPicture()
  await ann.say('Popcorn is ready. Everybody here?')
  await ben.say('Here! The sound is great')
  await cleo.say('Watching from the train, hello from the phone')
  await ann.say('Look at her go')
  await ben.takeControl()
  await ann.page.mouse.move(1100, 780)
  await expect(ann.page.getByTestId('chat-message')).toHaveCount(4)
  await expect(cleo.page.getByTestId('chat-message')).toHaveCount(4)
  await ann.page.screenshot({ path: `${images}/room.png` })
  await cleo.page.screenshot({ path: `${images}/room-phone.png` })
  await cleo.page.setViewportSize({ width: 844, height: 390 })
  await cleo.page.screenshot({ path: `${images}/room-phone-landscape.png` })
  await ann.page.getByTestId('theme-toggle').click()
  await ann.page.screenshot({ path: `${images}/room-light.png` })
  await pages.stop()
})
