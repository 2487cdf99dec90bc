import { spawn, type ChildProcess } from 'node:child_process'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { BrowserContext } from '@playwright/test'

const program = join(resolve(import.meta.dirname, '../..'), 'bin/turtus-link')

export interface Conditions {
  delayMs?: number
  loss?: number
  burst?: number
  /** Bits per second. */
  rate?: number
  buffer?: number
}

interface Counters {
  received: number
  delivered: number
  lost: number
  overflowed: number
  bytes: number
}

interface Answer {
  link: number
  address: string
  candidate?: string
  down: Counters
  up: Counters
  error?: string
}

/** The links (vb/link) between the agent and one person's page: one for each of its peer connections. */
export class Links {
  private readonly process: ChildProcess
  private readonly waiting: ((line: string) => void)[] = []
  private readonly open = new Map<string, { to: string; answer: Promise<Answer> }>()
  private readonly ids: number[] = []
  private ended = false

  private constructor(
    private conditions: Conditions,
    private readonly seed: number,
  ) {
    const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.process = child
    createInterface({ input: child.stdout }).on('line', (line) => { this.waiting.shift()?.(line) })
    child.once('exit', () => {
      this.ended = true
      for (const answer of this.waiting.splice(0)) answer('{"error":"turtus-link ended"}')
    })
  }

  /** Leads whatever a context's pages receive through a link with these conditions both ways. Before its first page loads. */
  static async between(context: BrowserContext, conditions: Conditions, seed = 1): Promise<Links> {
    const links = new Links(conditions, seed)
    await context.exposeFunction('benchLink', (connection: string, candidate: string) => links.lead(connection, candidate))
    await context.addInitScript(throughLink)
    return links
  }

  async set(conditions: Conditions): Promise<void> {
    this.conditions = conditions
    for (const id of this.ids) await this.ask({ set: id, down: conditions, up: conditions })
  }

  /** What all links carried towards the page. */
  async down(): Promise<Counters> {
    const sum: Counters = { received: 0, delivered: 0, lost: 0, overflowed: 0, bytes: 0 }
    for (const id of this.ids) {
      const { down } = await this.ask({ read: id })
      for (const key of Object.keys(sum) as (keyof Counters)[]) sum[key] += down[key]
    }
    return sum
  }

  addresses(): Promise<string[]> {
    return Promise.all([...this.open.values()].map(async ({ answer }) => (await answer).address))
  }

  close(): void {
    this.process.stdin?.end()
  }

  /** The candidate to use in place of one, empty to drop it: one address of the agent is led, the others are ways around. */
  private async lead(connection: string, candidate: string): Promise<string> {
    const fields = candidate.split(' ')
    const to = `${fields[4] ?? ''}:${fields[5] ?? ''}`
    if (fields[2]?.toLowerCase() !== 'udp' || fields[7] !== 'host' || !/^[\d.]+:\d+$/.test(to)) return ''
    const there = this.open.get(connection)
    if (there && there.to !== to) return ''
    const answer = there?.answer ?? this.ask({ open: { to, seed: this.seed, down: this.conditions, up: this.conditions } })
    if (!there) this.open.set(connection, { to, answer })
    const { link, address } = await answer
    if (!this.ids.includes(link)) this.ids.push(link)
    const [host, port] = address.split(':')
    fields.splice(4, 2, host ?? '', port ?? '')
    return fields.join(' ')
  }

  private async ask(request: object): Promise<Answer> {
    if (this.ended) throw new Error('turtus-link ended')
    const line = new Promise<string>((done) => this.waiting.push(done))
    this.process.stdin?.write(`${JSON.stringify(request)}\n`)
    const answer = JSON.parse(await line) as Answer
    if (answer.error) throw new Error(answer.error)
    return answer
  }
}

/** In the page: the agent's candidates go through benchLink, and the agent hears of none of the page's own. */
function throughLink(): void {
  const { benchLink } = globalThis as unknown as { benchLink: (connection: string, candidate: string) => Promise<string> }
  const names = new WeakMap<RTCPeerConnection, string>()
  const name = (connection: RTCPeerConnection): string => {
    const known = names.get(connection) ?? crypto.randomUUID()
    names.set(connection, known)
    return known
  }
  // As the page calls them, without the older forms with callbacks.
  const { addIceCandidate, setRemoteDescription } = RTCPeerConnection.prototype as unknown as {
    addIceCandidate: (this: RTCPeerConnection, init: RTCIceCandidateInit) => Promise<void>
    setRemoteDescription: (this: RTCPeerConnection, description: RTCSessionDescriptionInit) => Promise<void>
  }
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own socket as this, below
  const send = WebSocket.prototype.send
  const addLed = async function (this: RTCPeerConnection, init?: RTCIceCandidateInit | null): Promise<void> {
    if (!init?.candidate) return
    const candidate = await benchLink(name(this), init.candidate)
    if (candidate) await addIceCandidate.call(this, { ...init, candidate })
  }
  const setLed = async function (this: RTCPeerConnection, description: RTCSessionDescriptionInit): Promise<void> {
    const lines: string[] = []
    for (const line of (description.sdp ?? '').split('\r\n')) {
      if (!line.startsWith('a=candidate:')) {
        lines.push(line)
        continue
      }
      const candidate = await benchLink(name(this), line.slice(2))
      if (candidate) lines.push(`a=${candidate}`)
    }
    await setRemoteDescription.call(this, { type: description.type, sdp: lines.join('\r\n') })
  }
  Object.assign(RTCPeerConnection.prototype, { addIceCandidate: addLed, setRemoteDescription: setLed })
  WebSocket.prototype.send = function (data) {
    if (typeof data === 'string' && data.includes('"signal"')) {
      const message = JSON.parse(data) as { type: string; payload?: { candidate?: unknown; description?: { sdp: string } } }
      if (message.type === 'signal' && message.payload?.candidate) return
      if (message.type === 'signal' && message.payload?.description) {
        message.payload.description.sdp = message.payload.description.sdp.replace(/^a=candidate:.*\r\n/gm, '')
        send.call(this, JSON.stringify(message))
        return
      }
    }
    send.call(this, data)
  }
}
