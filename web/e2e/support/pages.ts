import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'

/** What happened on a page inside the streamed Firefox, as the page itself reported it. */
export interface PageEvent {
  room: string
  type: string
  detail: string
}

/**
 * The pages that the streamed Firefox shows in tests. Each paints itself in flat colours, so that a viewer's test can
 * read from the video what happened, and reports every event here, so that a test knows what really reached Firefox.
 */
export class Pages {
  readonly events: PageEvent[] = []
  private constructor(
    private readonly http: Server,
    readonly url: string,
  ) {}

  /** Starts with the tests' own pages and whatever more is given: bodies of HTML by path, files by path. */
  static async start(more: Record<string, string> = {}, files: Record<string, { file: string; type: string }> = {}): Promise<Pages> {
    const events: PageEvent[] = []
    const http = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost')
      if (url.pathname === '/event') {
        events.push({
          room: url.searchParams.get('room') ?? '',
          type: url.searchParams.get('type') ?? '',
          detail: url.searchParams.get('detail') ?? '',
        })
        response.writeHead(204).end()
        return
      }
      events.push({ room: url.searchParams.get('room') ?? '', type: 'request', detail: url.pathname })
      const served = files[url.pathname]
      if (served) {
        const bytes = readFileSync(served.file)
        const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
        const start = Number(from ?? 0)
        const end = to ? Number(to) : bytes.length - 1
        response.writeHead(from === undefined ? 200 : 206, {
          'content-type': served.type,
          'accept-ranges': 'bytes',
          'content-length': end - start + 1,
          ...(from === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${bytes.length}` }),
        })
        response.end(bytes.subarray(start, end + 1))
        return
      }
      const body = more[url.pathname] ?? bodies[url.pathname]
      if (!body) {
        response.writeHead(404).end()
        return
      }
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(shell(body))
    })
    // Browsers in containers see no host of a private network: theirs is made by deploy/dev/public-host.sh.
    const host = process.env.PAGES_HOST
    await new Promise<void>((done) => http.listen(0, host === undefined ? '127.0.0.1' : '0.0.0.0', done))
    const address = http.address()
    if (address === null || typeof address === 'string') throw new Error('no address')
    const pages = new Pages(http, `http://${host ?? '127.0.0.1'}:${address.port}`)
    // The constructor's own list is the one that the handler fills.
    Object.defineProperty(pages, 'events', { value: events })
    return pages
  }

  of(room: string, type: string): PageEvent[] {
    return this.events.filter((event) => event.room === room && event.type === type)
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections()
    await new Promise((done) => this.http.close(done))
  }
}

const shell = (body: string): string => `<!doctype html><meta charset="utf-8"><title>Turtus test page</title>
<style>html,body{margin:0;height:100%;overflow:hidden;user-select:none;background:#202020;font:32px sans-serif;color:#fff}</style>
<body><script>
const room = new URLSearchParams(location.search).get('room') ?? ''
let reported = Promise.resolve() // One by one: requests at once would arrive in any order.
const report = (type, detail = '') => { reported = reported.then(() => fetch('/event?' + new URLSearchParams({ room, type, detail: String(detail) }))).catch(() => {}) }
addEventListener('mousemove', () => report('heeds'), { once: true })
const paint = (colour) => { document.body.style.background = colour; report('painted', colour) }
</script>${body}`

const bodies: Record<string, string> = {
  // Each left click goes to the next colour; typing "turtle" paints it magenta.
  '/desk': `<div id="text" style="position:fixed;left:8px;top:8px"></div><script>
    const colours = ['rgb(200,0,0)', 'rgb(0,160,0)', 'rgb(0,0,200)']
    let clicks = 0, typed = ''
    paint(colours[0])
    addEventListener('pointerdown', (e) => report('down', e.button))
    addEventListener('pointerup', (e) => report('up', e.button))
    addEventListener('click', (e) => { clicks++; report('click', e.clientX + ',' + e.clientY); paint(colours[clicks % colours.length]) })
    addEventListener('dblclick', () => report('dblclick'))
    addEventListener('contextmenu', (e) => { e.preventDefault(); report('contextmenu') })
    addEventListener('wheel', (e) => report('wheel', Math.sign(e.deltaX) + ',' + Math.sign(e.deltaY)))
    let dragged = false
    addEventListener('pointermove', (e) => { if (e.buttons === 1 && !dragged) { dragged = true; report('drag') } if (e.buttons === 0) dragged = false })
    addEventListener('keydown', (e) => {
      report('keydown', e.key)
      if (e.key.length === 1) typed += e.key
      document.getElementById('text').textContent = typed
      if (typed.endsWith('turtle')) paint('rgb(200,0,200)')
    })
    addEventListener('keyup', (e) => report('keyup', e.key))
    report('ready')
  </script>`,
  // What fingers do: a long page with a field at its top, which says where and how wide all of it is.
  '/fingers': `<textarea id="t" style="position:fixed;left:0;top:0;width:100%;height:25%;font-size:40px;border:0"></textarea><div style="height:6000px"></div><script>
    const { style } = document.body; style.overflow = 'visible'; style.height = 'auto' // The window scrolls, not the body.
    document.documentElement.style.overflow = 'auto'; document.documentElement.style.scrollbarWidth = 'none'; paint('rgb(0,160,0)')
    const say = (type) => (e) => report(type, Math.round(e.clientX) + ',' + Math.round(e.clientY) + ',' + innerWidth)
    addEventListener('click', say('click')); addEventListener('mousemove', say('move'))
    addEventListener('contextmenu', (e) => { e.preventDefault(); say('contextmenu')(e) })
    addEventListener('scroll', () => report('scroll', Math.round(scrollY)))
    t.addEventListener('input', () => report('text', t.value)); report('ready')
  </script>`,
  // Something that never stops moving.
  '/moving': `<canvas id="c" style="width:100%;height:100%"></canvas><script>
    const c = document.getElementById('c'), g = c.getContext('2d'); c.width = 640; c.height = 360
    const draw = (t) => { g.fillStyle = 'hsl(' + (t / 10 % 360) + ',90%,50%)'; g.fillRect(0, 0, 640, 360)
      g.fillStyle = '#fff'; g.fillRect((t / 5) % 600, 100, 40, 160); requestAnimationFrame(draw) }
    requestAnimationFrame(draw); report('ready')
  </script>`,
  // A tone of 440 Hz.
  '/tone': `<script>
    const audio = new AudioContext(), tone = audio.createOscillator(), gain = audio.createGain()
    tone.frequency.value = 440; gain.gain.value = 0.5; tone.connect(gain).connect(audio.destination); tone.start()
    audio.resume().then(() => report('ready', audio.state)); paint('rgb(0,120,120)')
  </script>`,
  '/red': `<script>paint('rgb(200,0,0)'); report('ready')</script>`,
  '/blue': `<script>paint('rgb(0,0,200)'); report('ready')</script>`,
}
