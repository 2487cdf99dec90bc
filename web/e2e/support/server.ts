import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')

/** Whether browsers run in containers in these tests, as `make e2e-docker` has them. */
export const inContainers = process.env.TURTUS_LAUNCHER === 'docker'

/** A really started `turtus serve` with a data folder of its own. */
export class Server {
  readonly log: string[] = []
  private process?: ChildProcess
  private exited?: Promise<number | null>

  private constructor(
    readonly port: number,
    readonly dataDir: string,
    private readonly env: Record<string, string>,
  ) {}

  get url(): string {
    return `http://localhost:${this.port}`
  }

  get pid(): number {
    if (!this.process?.pid) throw new Error('the server is not running')
    return this.process.pid
  }

  static async start(env: Record<string, string> = {}): Promise<Server> {
    const dataDir = mkdtempSync(join(tmpdir(), 'turtus-e2e-'))
    chmodSync(dataDir, 0o711) // As root, PostgreSQL and the browsers run as other users, who must get through.
    const server = new Server(await freePort(), dataDir, env)
    await server.run()
    return server
  }

  /** Starts the program on the same data folder and port, as after a crash or an upgrade. */
  async run(): Promise<void> {
    const child = spawn(join(root, 'bin/turtus'), ['serve'], {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        TURTUS_ADDR: `localhost:${this.port}`,
        TURTUS_DATA_DIR: this.dataDir,
        TURTUS_LOG_LEVEL: 'debug',
        TURTUS_RELAY_PORT: '0',
        TURTUS_WARM_BROWSERS: '0', // Its processes would be counted, and its start would slow what is measured.
        TURTUS_MAX_BROWSERS_PER_PERSON: '4',
        TURTUS_LAUNCHER: process.env.TURTUS_LAUNCHER ?? 'process',
        ...this.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.process = child
    this.exited = new Promise((done) => child.once('exit', (code) => { done(code) }))
    const ready = new Promise<void>((done, failed) => {
      const read = (chunk: Buffer): void => {
        const text = chunk.toString()
        this.log.push(text)
        if (text.includes('Turtus is ready')) done()
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.once('exit', (code) => { failed(new Error(`turtus serve ended with ${String(code)}:\n${this.log.join('')}`)) })
    })
    await ready
  }

  async kill(signal: NodeJS.Signals): Promise<number | null> {
    this.process?.kill(signal)
    const code = (await this.exited) ?? null
    delete this.process
    return code
  }

  /** Ends the server as Ctrl-C does, and removes its folder. */
  async stop(): Promise<void> {
    if (this.process) await this.kill('SIGINT')
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Processes whose environment or command line names this server's data folder. */
  processes(): { pid: number; command: string }[] {
    const found: { pid: number; command: string }[] = []
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        const environment = readFileSync(`/proc/${name}/environ`, 'utf8')
        if (command.includes(this.dataDir) || environment.includes(this.dataDir)) found.push({ pid: Number(name), command })
      } catch {
        // It ended while we looked.
      }
    }
    return found
  }
}

export async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer()
    probe.once('error', failed)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      if (address === null || typeof address === 'string') {
        failed(new Error('no port'))
        return
      }
      probe.close(() => { done(address.port) })
    })
  })
}
