/** What the streamed Firefox shows in the bench: bodies of HTML by path. */
export const bodies = {
  // A click flips the whole page.
  '/flip': `<script>
    let on = false; document.body.style.background = '#d00000'
    addEventListener('pointerdown', () => { on = !on; document.body.style.background = on ? '#0000d0' : '#d00000' })
    report('ready') </script>`,
  '/clip': `<video src="/clip.mp4" autoplay loop muted style="position:fixed;inset:0;width:100%;height:100%;object-fit:cover" onplaying="report('ready')"></video>`,
  // The clip, and a square over it that a click flips.
  '/clipflip': `<video src="/clip.mp4" autoplay loop muted style="position:fixed;inset:0;width:100%;height:100%;object-fit:cover" onplaying="report('ready')"></video>
    <div id="square" style="position:fixed;left:40%;width:20%;top:40%;height:40%;background:#d00000"></div><script>
    let on = false
    addEventListener('pointerdown', () => { on = !on; document.getElementById('square').style.background = on ? '#0000d0' : '#d00000' }) </script>`,
  // The clip pixel for pixel, cut off below. It says where on the screen it is. "s" stops it; then each "n" shows the
  // next frame of those asked for by ?frames=.
  '/exact': `<video src="/clip.mp4" loop muted style="position:fixed;left:0;top:0;width:1280px;height:720px"></video><script>
    const video = document.querySelector('video')
    const wanted = (new URLSearchParams(location.search).get('frames') ?? '').split(',').filter(Boolean).map(Number)
    const show = () => {
      const frame = wanted.shift()
      video.addEventListener('seeked', () => requestAnimationFrame(() => requestAnimationFrame(() => report('shown', frame))), { once: true })
      video.currentTime = (frame + 0.5) / 30
    }
    addEventListener('keydown', (event) => { if (event.key === 'n') show() })
    video.addEventListener('loadeddata', () => {
      report('at', [mozInnerScreenX, mozInnerScreenY, innerWidth, innerHeight].join(','))
      if (wanted.length === 0) video.play()
      report('ready')
    }, { once: true }) </script>`,
  '/text': `<div id="t" style="font:16px/1.4 serif;color:#111;background:#fff;padding:0 40px;will-change:transform"></div><script>
    const words = 'the quick brown turtle swims over a lazy reef while friends watch and talk about it '
    const pane = document.body; pane.style.overflow = 'auto'
    document.getElementById('t').textContent = words.repeat(4000)
    const step = () => { pane.scrollBy(0, 2); requestAnimationFrame(step) }; step()
    pane.addEventListener('scroll', () => report('ready'), { once: true }) </script>`,
  // Text that scrolls for two seconds after a click, then stands still.
  '/halt': `<div id="t" style="font:16px/1.4 serif;color:#111;background:#fff;padding:0 40px"></div><script>
    const words = 'the quick brown turtle swims over a lazy reef while friends watch and talk about it '
    const pane = document.body; pane.style.overflow = 'auto'
    document.getElementById('t').textContent = Array.from({ length: 4000 }, (_, i) => words + i + ' ').join('')
    addEventListener('pointerdown', () => {
      const end = performance.now() + 2000
      const step = () => { pane.scrollBy(0, 7); if (performance.now() < end) requestAnimationFrame(step); else report('halted', pane.scrollTop) }
      step()
    })
    report('ready') </script>`,
  // Each 1 to 1.4 s the page flips and a tone of 0.2 s starts at the same moment: the tone is set to be heard at a moment
  // (getOutputTimestamp), and the next frame of the page from half a frame before it on flips the colour. How far apart
  // the two are is known and told.
  '/flash': `<script>
    const audio = new AudioContext(), gain = audio.createGain(), tone = audio.createOscillator()
    tone.frequency.value = 1000; tone.connect(gain).connect(audio.destination); gain.gain.value = 0; tone.start()
    let on = false, number = 0
    document.body.style.background = '#d00000'
    const next = () => {
      const { contextTime, performanceTime } = audio.getOutputTimestamp()
      const at = performance.now() + 1000 + Math.random() * 400
      const heard = contextTime + (at - performanceTime) / 1000
      gain.gain.setValueAtTime(0.8, heard); gain.gain.setValueAtTime(0, heard + 0.2)
      const wait = (now) => {
        if (now < at - 8) return requestAnimationFrame(wait)
        on = !on; document.body.style.background = on ? '#0000d0' : '#d00000'
        report('flip', number++ + ',' + (now - at).toFixed(2))
        next()
      }
      requestAnimationFrame(wait)
    }
    addEventListener('pointerdown', () => audio.resume())
    const started = () => {
      if (audio.getOutputTimestamp().contextTime > 0) { next(); report('sounding', audio.outputLatency) }
      else requestAnimationFrame(started)
    }
    audio.resume(); started(); report('ready') </script>`,
}

export type Content = keyof typeof bodies extends `/${infer Name}` ? Name : never
