import { cutHub, hears, hearsNothingOf, muteMark, press, received, recordCall, seesMoving, seesNoPictureOf, speakSecretly, taken, talker } from './support/call'
import { Person, unique } from './support/room'
import { Server } from './support/server'
import { expect, test } from './support/test'

test('three people talk and see each other in a call of a room', async ({ arrive }) => {
  const [ann, ben, cleo] = [await arrive('Ann', talker), await arrive('Ben', talker), await arrive('Cleo', talker)]
  const everybody = [ann, ben, cleo]
  for (const person of everybody) await recordCall(person)
  await ann.signUp()
  const address = await ann.createRoom(unique('Talk'), '')
  const link = await ann.inviteLink()
  await ben.joinAsGuest(link)
  await cleo.joinAsGuest(link)

  const others = (person: Person): Person[] => everybody.filter((other) => other !== person)

  await test.step('all turn on microphone and camera, and everybody hears and sees everybody', async () => {
    for (const person of everybody) {
      await press(person, 'microphone', 'on')
      await press(person, 'camera', 'on')
    }
    for (const person of everybody) {
      for (const other of others(person)) {
        await hears(person, other)
        await seesMoving(person, other)
      }
    }
    expect((await received(ann.page)).connections, 'one connection with each').toBe(2)
  })

  await test.step('who speaks has a ring, for the others and for themselves', async () => {
    await expect(ann.page.getByTestId('own-bubble')).toHaveAttribute('data-speaking', 'true')
    await expect(ben.page.getByTestId('bubble').filter({ hasText: 'Ann' })).toHaveAttribute('data-speaking', 'true')
  })

  await test.step('who mutes is played by nobody, also when their page lies, and is heard again after', async () => {
    await ann.page.keyboard.press('m')
    await expect(ann.page.getByTestId('microphone')).toHaveAttribute('data-state', 'muted')
    for (const other of others(ann)) {
      await expect(muteMark(other, ann)).toBeVisible()
      await hearsNothingOf(other, ann)
    }
    await speakSecretly(ann)
    const before = (await received(ben.page)).energy
    await expect.poll(async () => (await received(ben.page)).energy, { message: 'sound comes' }).toBeGreaterThan(before)
    await hearsNothingOf(ben, ann)
    await ann.page.keyboard.press('m')
    for (const other of others(ann)) {
      await hears(other, ann)
      await expect(muteMark(other, ann)).toHaveCount(0)
    }
  })

  await test.step('a camera goes off and on again', async () => {
    await press(ben, 'camera', 'off')
    for (const other of others(ben)) {
      await seesNoPictureOf(other, ben)
      await hears(other, ben)
    }
    await press(ben, 'camera', 'on')
    for (const other of others(ben)) await seesMoving(other, ben)
  })

  await test.step('another microphone takes the place of the first, and is heard at once', async () => {
    await ann.page.getByTestId('call-settings').click()
    const choose = ann.page.getByTestId('choose-microphone')
    await choose.selectOption({ index: await choose.locator('option').count() - 1 })
    const wanted = await choose.inputValue()
    await expect.poll(() => taken(ann.page), { message: 'it is the chosen one' }).toBe(wanted)
    await ann.page.keyboard.press('Escape')
    for (const other of others(ann)) await hears(other, ann)
  })

  await test.step('the hub is away for ten seconds for one of them, and the call goes on', async () => {
    const { connections } = await received(ann.page)
    const giveBack = await cutHub(ann.page)
    const since = Date.now()
    const { frames, energy } = await received(ann.page)
    await hears(ben, ann)
    // As long, and no longer, however few pictures a slow machine makes of it: a seat is not held for ever.
    await expect.poll(() => Date.now() - since, { message: 'ten seconds go by' }).toBeGreaterThanOrEqual(10_000)
    const then = await received(ann.page)
    expect(then.frames, 'pictures came').toBeGreaterThan(frames)
    expect(then.energy, 'and sound').toBeGreaterThan(energy)
    await giveBack()
    await hears(cleo, ann)
    await seesMoving(ann, ben)
    expect((await received(ann.page)).connections, 'nothing was connected anew').toBe(connections)
  })

  await test.step('one leaves and comes back', async () => {
    await cleo.page.getByTestId('leave-room').click()
    for (const other of others(cleo)) await expect(other.page.getByTestId('bubble').filter({ hasText: 'Cleo' })).toHaveCount(0)
    await cleo.page.goto(address)
    await hears(cleo, ann)
    await seesMoving(cleo, ben)
    await press(cleo, 'microphone', 'on')
    await press(cleo, 'camera', 'on')
    for (const other of others(cleo)) {
      await hears(other, cleo)
      await seesMoving(other, cleo)
    }
  })

  await test.step('one loads the page again', async () => {
    await ben.page.reload()
    await hears(ben, ann)
    await seesMoving(ben, cleo)
    await seesNoPictureOf(ann, ben)
    await press(ben, 'microphone', 'on')
    for (const other of others(ben)) await hears(other, ben)
  })
})

test('a server that is restarted in the middle of a call is not noticed by those who talk', async ({ browser }) => {
  const server = await Server.start()
  const people: Person[] = []
  try {
    for (const name of ['Ann', 'Ben']) {
      const person = await Person.arrive(browser, server, name, talker)
      await recordCall(person)
      people.push(person)
    }
    const [ann, ben] = people as [Person, Person]
    await ann.signUp()
    await ann.createRoom(unique('Restart'), '')
    await ben.joinAsGuest(await ann.inviteLink())
    for (const person of people) {
      await press(person, 'microphone', 'on')
      await press(person, 'camera', 'on')
    }
    await seesMoving(ann, ben)
    await seesMoving(ben, ann)

    await server.kill('SIGTERM')
    for (const { page } of people) await expect(page.getByTestId('connection')).toHaveAttribute('data-status', 'reconnecting')
    await hears(ann, ben)
    await seesMoving(ben, ann)
    await server.run()
    for (const { page } of people) await expect(page.getByTestId('connection')).toHaveAttribute('data-status', 'online')
    await hears(ben, ann)
    await seesMoving(ann, ben)
    for (const { page } of people) expect((await received(page)).connections, 'nothing was connected anew').toBe(1)
    await press(ann, 'microphone', 'muted')
    await hearsNothingOf(ben, ann)
  } finally {
    for (const person of people) await person.leave()
    await server.stop()
  }
})
