import { expect, type Page } from '@playwright/test'
import { hears, press, recordCall, seesMoving, talker } from './support/call'
import { Person, unique } from './support/room'
import { freePort, Server } from './support/server'
import { test } from './support/test'

/** The kinds of both ends of the path that each connection of the page goes by, and all that the page was told of the others' addresses. */
const paths = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const { connections } = (globalThis as unknown as { testCall: { connections: RTCPeerConnection[] } }).testCall
    const found: string[] = []
    for (const connection of connections.filter(({ connectionState }) => connectionState === 'connected')) {
      const stats = new Map<string, { type: string; selectedCandidatePairId?: string; localCandidateId?: string; remoteCandidateId?: string; candidateType?: string }>()
      ;(await connection.getStats()).forEach((value: { type: string }, id: string) => stats.set(id, value))
      for (const each of stats.values()) if (each.type === 'remote-candidate') found.push(`told ${each.candidateType ?? ''}`)
      for (const { type, selectedCandidatePairId } of stats.values()) {
        const pair = type === 'transport' && selectedCandidatePairId !== undefined ? stats.get(selectedCandidatePairId) : undefined
        if (pair) found.push(`${stats.get(pair.localCandidateId ?? '')?.candidateType ?? ''} to ${stats.get(pair.remoteCandidateId ?? '')?.candidateType ?? ''}`)
      }
    }
    return [...new Set(found)].sort()
  })

test('where a server sends all calls by its relay, nobody learns another’s address, and they hear and see each other', async ({ browser }) => {
  const server = await Server.start({ TURTUS_RELAY_PORT: String(await freePort()), TURTUS_CALL_PATH: 'relay' })
  const people: Person[] = []
  try {
    for (const name of ['Ann', 'Ben']) {
      const person = await Person.arrive(browser, server, name, { ...talker, firstTime: name === 'Ben' })
      await recordCall(person)
      people.push(person)
    }
    const [ann, ben] = people as [Person, Person]
    await ann.signUp()
    await ann.createRoom(unique('Shy'), '')
    await ben.joinAsGuest(await ann.inviteLink())
    await test.step('the check before the room finds the relay', async () => {
      await expect(ben.page.getByTestId('check-path')).toHaveAttribute('data-verdict', 'good')
      await ben.page.getByTestId('check-enter').click()
    })
    await press(ann, 'microphone', 'on')
    await press(ann, 'camera', 'on')
    await press(ben, 'microphone', 'on')
    await hears(ben, ann)
    await seesMoving(ben, ann)
    await hears(ann, ben)
    for (const person of people) expect(await paths(person.page)).toEqual(['relay to relay', 'told relay'])
  } finally {
    for (const person of people) await person.leave()
    await server.stop()
  }
})
