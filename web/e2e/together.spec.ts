import { expect, test } from './support/test'
import { heardEvents, sendFrame, unique, type Person } from './support/room'
import { blue, colourAt, expectColour, green, listen, magenta, red } from './support/video'

test('two people watch, hear and drive one Firefox together', async ({ arrive, pages }) => {
  const room = unique('film')
  const ann = await (await arrive('Ann')).signUp()
  await ann.createRoom(`Film night ${room}`, `${pages.url}/desk?room=${room}`)
  await ann.startBrowser()
  await expectColour(ann.page, red, 'Ann sees the page that Firefox shows')

  const link = await ann.inviteLink()
  const ben = await (await arrive('Ben')).joinAsGuest(link)
  await ben.seesPicture()
  await expectColour(ben.page, red, 'Ben, who came by invite without an account, sees the same')
  await ann.seesPeople('Ben', 1)

  await test.step('a click by Ann changes what Ben sees', async () => {
    await ann.takeControl()
    await ann.heeded(pages, room)
    await ann.clickPicture()
    await expect.poll(() => pages.of(room, 'click').length).toBeGreaterThan(0)
    await expectColour(ben.page, () => [red, green, blue][pages.of(room, 'click').length % 3] ?? red, 'Ben sees what Ann clicked')
  })

  await test.step('typed text by Ann changes what Ben sees', async () => {
    await ann.page.keyboard.type('turtle', { delay: 20 })
    await expectColour(ben.page, magenta, 'Ben sees what Ann typed')
  })

  await test.step('mouse buttons, wheel, drag, double click and context menu reach Firefox', async () => {
    const from = await ann.pointOnPicture(0.4, 0.6)
    const to = await ann.pointOnPicture(0.6, 0.7)
    await ann.page.mouse.move(from.x, from.y)
    await ann.page.mouse.down()
    await ann.page.mouse.move(to.x, to.y, { steps: 8 })
    await ann.page.mouse.up()
    await expect.poll(() => pages.of(room, 'drag').length, { message: 'a drag' }).toBeGreaterThan(0)
    await ann.page.mouse.wheel(0, 240)
    await expect.poll(() => pages.of(room, 'wheel').map((e) => e.detail), { message: 'the wheel' }).toContain('0,1')
    await ann.page.mouse.wheel(0, -240)
    await expect.poll(() => pages.of(room, 'wheel').map((e) => e.detail), { message: 'the wheel back' }).toContain('0,-1')
    await ann.page.mouse.wheel(240, 0)
    await expect.poll(() => pages.of(room, 'wheel').map((e) => e.detail), { message: 'the wheel sideways' }).toContain('1,0')
    await ann.page.mouse.dblclick(to.x, to.y)
    await expect.poll(() => pages.of(room, 'dblclick').length, { message: 'a double click' }).toBeGreaterThan(0)
    await ann.clickPicture(0.5, 0.6, { button: 'right' })
    await expect.poll(() => pages.of(room, 'contextmenu').length, { message: 'the context menu' }).toBeGreaterThan(0)
    await ann.clickPicture(0.5, 0.6, { button: 'middle' })
    await expect.poll(() => pages.of(room, 'down').map((e) => e.detail), { message: 'the middle button' }).toContain('1')
  })

  await test.step("Ben's input is refused while Ann controls, also when his page lies", async () => {
    const before = pages.events.length
    await ben.clickPicture(0.3, 0.6)
    await ben.page.keyboard.type('x')
    // A hostile page: frames with every epoch that could be right, straight on the data channel.
    for (let epoch = 0; epoch < 12; epoch++) {
      await sendFrame(ben.page, 'input', [2, 0, 0, 0, epoch, 1, 1, 0x80, 0, 0x80, 0])
      await sendFrame(ben.page, 'input', [2, 0, 0, 0, epoch, 1, 0, 0x80, 0, 0x80, 0])
      await sendFrame(ben.page, 'input', [4, 0, 0, 0, epoch, 0, 0, 0, 0x78, 1])
      await sendFrame(ben.page, 'pointer', [1, 0, 0, 0, epoch, 0x40, 0, 0x40, 0, 0, 0, 0, epoch])
    }
    await expect
      .poll(async () => (await heardEvents(ben.page)).filter((e) => e.type === 'error').map((e) => e.payload.code), { message: 'a coded refusal' })
      .toContain('control_not_held')
    // Ann's own key comes after all of Ben's frames, so whatever of them was taken would have come before it.
    await ann.page.keyboard.press('z')
    await expect.poll(() => pages.of(room, 'keydown').map((e) => e.detail)).toContain('z')
    const since = pages.events.slice(before)
    expect(since.filter((e) => ['down', 'click'].includes(e.type)), 'nothing of Ben reached Firefox').toEqual([])
    expect(since.filter((e) => e.type === 'keydown').map((e) => e.detail)).toEqual(['z'])
  })

  /** Clicks until Firefox hears of it: that somebody drives comes to their page and to the browser by two ways. */
  const reaches = async (person: Person): Promise<void> => {
    const before = pages.of(room, 'down').length
    await expect
      .poll(async () => {
        await person.clickPicture(0.5, 0.6)
        return pages.of(room, 'down').length
      }, { message: `what ${person.name} does reaches the browser` })
      .toBeGreaterThan(before)
  }

  await test.step('Ben asks, Ann gives, and no key stays down', async () => {
    await ann.clickPicture(0.5, 0.6)
    await ann.page.keyboard.down('Shift')
    await ann.page.keyboard.down('KeyK')
    await expect.poll(() => pages.of(room, 'keydown').map((e) => e.detail)).toContain('K')
    const ups = pages.of(room, 'keyup').length
    await ben.page.getByTestId('ask-control').click()
    await expect(ann.page.getByTestId('give-control')).toBeVisible()
    await ann.page.getByTestId('give-control').click()
    await ben.hasControl()
    await expect.poll(() => pages.of(room, 'keyup').slice(ups).map((e) => e.detail), { message: 'both keys are let go' }).toEqual(expect.arrayContaining(['Shift']))
    await ann.page.keyboard.up('KeyK')
    await ann.page.keyboard.up('Shift')
    const before = pages.of(room, 'keydown').length
    await reaches(ben)
    await ben.page.keyboard.type('b')
    await expect.poll(() => pages.of(room, 'keydown').slice(before).map((e) => e.detail), { message: 'small letters again' }).toContain('b')
  })

  await test.step('control released is free to take', async () => {
    await ben.page.getByTestId('release-control').click()
    await ann.takeControl()
  })

  await test.step('the one who controls closes the page: control is free again', async () => {
    await ann.page.getByTestId('release-control').click()
    await ben.takeControl()
    await reaches(ben)
    await ben.page.keyboard.down('Control')
    await expect.poll(() => pages.of(room, 'keydown').map((e) => e.detail)).toContain('Control')
    await ben.leave()
    await expect.poll(() => pages.of(room, 'keyup').map((e) => e.detail), { message: 'his key is let go' }).toContain('Control')
    await expect(async () => {
      await ann.clickPicture()
      await expect(ann.page.getByTestId('release-control')).toBeVisible({ timeout: 2_000 })
    }).toPass({ timeout: 60_000 })
  })
})

test('the picture moves and both hear the sound', async ({ arrive, pages }) => {
  const room = unique('tone')
  const ann = await (await arrive('Ann')).signUp()
  await ann.createRoom(`Tone ${room}`, `${pages.url}/tone?room=${room}`)
  await ann.startBrowser()
  const ben = await (await arrive('Ben')).joinAsGuest(await ann.inviteLink())
  await ben.seesPicture()
  for (const person of [ann, ben]) {
    await expect(async () => {
      const { energy, frequency } = await listen(person.page)
      expect(energy, `${person.name} hears something`).toBeGreaterThan(0.02)
      expect(Math.abs(frequency - 440), `${person.name} hears 440 Hz, not ${frequency}`).toBeLessThan(12)
    }).toPass({ timeout: 60_000 })
  }

  await ann.takeControl()
  await ann.browseTo(`${pages.url}/moving?room=${room}`, pages)
  await expect.poll(() => pages.of(room, 'ready').length, { message: 'Firefox went where Ann typed' }).toBeGreaterThan(1)
  for (const person of [ann, ben]) {
    const seen = new Set<string>()
    await expect
      .poll(
        async () => {
          const colour = await colourAt(person.page, 0.9, 0.9)
          if (colour && colour.r + colour.g + colour.b > 60) seen.add(`${Math.round(colour.r / 32)} ${Math.round(colour.g / 32)} ${Math.round(colour.b / 32)}`)
          return seen.size
        },
        { message: `${person.name} sees it move` },
      )
      .toBeGreaterThan(3)
  }
})

test('two rooms at once do not mix', async ({ arrive, pages }) => {
  const ann = await (await arrive('Ann')).signUp()
  const cleo = await (await arrive('Cleo')).signUp()
  await ann.createRoom(unique('Red'), `${pages.url}/red`)
  await cleo.createRoom(unique('Blue'), `${pages.url}/blue`)
  await ann.startBrowser()
  await cleo.startBrowser()
  await expectColour(ann.page, red, "Ann's room")
  await expectColour(cleo.page, blue, "Cleo's room")
  await ann.say('only for red')
  await expect(ann.page.getByTestId('chat-message').filter({ hasText: 'only for red' })).toHaveCount(1)
  await cleo.say('only for blue')
  await expect(cleo.page.getByTestId('chat-message').filter({ hasText: 'only for blue' })).toHaveCount(1)
  await expect(cleo.page.getByTestId('chat-message').filter({ hasText: 'only for red' })).toHaveCount(0)
  await expect(ann.page.getByTestId('chat-message').filter({ hasText: 'only for blue' })).toHaveCount(0)
  await ann.takeControl()
  await cleo.takeControl()
})
