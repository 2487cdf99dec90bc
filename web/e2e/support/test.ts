import { test as base } from '@playwright/test'
import { Pages } from './pages'
import { Person } from './room'
import { Server } from './server'

interface Worker {
  server: Server
  pages: Pages
}

interface Each {
  arrive: (name: string, options?: Parameters<typeof Person.arrive>[3]) => Promise<Person>
}

/** Tests share one really started server and one server of pages; each person has a Chromium context of their own. */
export const test = base.extend<Each, Worker>({
  server: [
    async ({}, provide) => {
      const server = await Server.start({ TURTUS_VIEWER_TIMEOUT: '20s', TURTUS_MAX_BROWSERS: '6' })
      await provide(server)
      await server.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  pages: [
    async ({}, provide) => {
      const pages = await Pages.start()
      await provide(pages)
      await pages.stop()
    },
    { scope: 'worker' },
  ],
  arrive: async ({ browser, server }, provide, info) => {
    const people: Person[] = []
    await provide(async (name, options) => {
      const person = await Person.arrive(browser, server, name, options)
      people.push(person)
      return person
    })
    if (info.status !== info.expectedStatus) {
      for (const person of people) {
        const picture = await person.page.screenshot().catch(() => undefined)
        if (picture) await info.attach(`${person.name}.png`, { body: picture, contentType: 'image/png' })
      }
      await info.attach('server.log', { body: server.log.slice(-400).join(''), contentType: 'text/plain' })
    }
    for (const person of people) await person.leave()
  },
})

export { expect } from '@playwright/test'
