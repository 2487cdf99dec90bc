import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import type { Server } from '../e2e/support/server'
import { familiesOf } from './processes'

/** Where the agent of the server's only room tells its metrics: a socket in the folder that is its browser's home. */
function socketOf(server: Server): string {
  const browser = familiesOf([server.pid]).find((one) => one.group === 'xserver')
  const home = browser && /(?:^|\0)HOME=([^\0]+)/.exec(readFileSync(`/proc/${browser.pid}/environ`, 'utf8'))?.[1]
  if (!home) throw new Error('no browser runs')
  return join(home, 'metrics.sock')
}

/** How many changes of the screen the agent has captured since its start. */
export function captured(server: Server): Promise<number> {
  return new Promise((done, fail) => {
    request({ socketPath: socketOf(server), path: '/metrics' }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', fail)
      response.on('end', () => {
        const found = /^turtus_stream_captured_frames_total (\S+)$/m.exec(Buffer.concat(parts).toString())
        if (found) done(Number(found[1]))
        else fail(new Error('the agent does not count what it captures'))
      })
    }).on('error', fail).end()
  })
}
