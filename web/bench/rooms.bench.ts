import { delivered, memoryLeft, Rooms } from './rooms'
import { seconds, test, trials } from './stage'

/** A room's frames have dropped when its viewer gets less than this part of what a room gets that is alone. */
const enough = 0.95

test('idle', async ({ figures }) => {
  const rooms = await Rooms.start()
  try {
    const open = await rooms.more(trials(4), 'flip')
    await rooms.rested('firefox')
    const measure = async (state: string): Promise<void> => {
      const used = []
      for (let i = 0; i < 3; i++) used.push(await rooms.each(seconds(8)))
      figures.add(`${state}: CPU`, '% of a core', used.map((one) => one.cpu))
      figures.add(`${state}: memory (PSS)`, 'MB', used.map((one) => one.memory))
      figures.add(`${state}: memory of the container`, 'MB', rooms.accounted() ?? [])
    }
    await measure('idle room, nobody watching')
    await rooms.watch(open)
    await rooms.rested('agent')
    await measure('idle room, one viewer')
  } finally {
    await rooms.end()
  }
})

test('playing', async ({ figures }) => {
  const rooms = await Rooms.start()
  try {
    const counters = []
    let alone = NaN
    for (let count = 1; ; count++) {
      counters.push(...(await rooms.watch(await rooms.more(1, 'clip'))))
      await delivered(counters, seconds(20)) // What Firefox does after its start is over.
      const [frames, used] = await Promise.all([delivered(counters, seconds(12)), rooms.each(seconds(12))])
      const name = `${count} ${count === 1 ? 'room that plays' : 'rooms that play'}`
      figures.add(`${name}: whole frames, the slowest`, 'per second', Math.min(...frames))
      figures.add(`${name}: CPU of each`, '% of a core', used.cpu)
      figures.add(`${name}: memory of each (PSS)`, 'MB', used.memory)
      figures.add(`${name}: memory of each container`, 'MB', rooms.accounted() ?? [])
      if (count === 1) alone = Math.min(...frames)
      if (Math.min(...frames) < enough * alone) {
        figures.add('rooms that play: before frames drop', 'count', count - 1)
        break
      }
      if (memoryLeft() < 3000) break // Not frames, but memory: no figure.
    }
  } finally {
    await rooms.end()
  }
})

test('full', async ({ figures }) => {
  const rooms = await Rooms.start()
  try {
    const least = memoryLeft() * 0.4
    const began = performance.now()
    const playing = await rooms.watch(await rooms.more(1, 'clip'))
    await delivered(playing, seconds(20))
    const alone = Math.min(...(await delivered(playing, seconds(12))))
    figures.add('idle rooms beside one that plays: its whole frames before', 'per second', alone)
    let held = 0
    let end = 'its frames dropped'
    for (;;) {
      await rooms.watch(await rooms.more(trials(8), 'flip'))
      await rooms.rested('firefox')
      const frames = Math.min(...(await delivered(playing, seconds(12))))
      figures.list.splice(1)
      figures.add('idle rooms beside one that plays: its whole frames at the end', 'per second', frames)
      figures.add('idle rooms beside one that plays: memory left', 'MB', memoryLeft())
      if (frames < enough * alone) break
      held = rooms.open.length - 1
      end = memoryLeft() < least ? '60 % of the free memory is taken' : performance.now() - began > 150_000 ? 'the time is over' : ''
      if (end !== '') break
    }
    console.log(`${held} idle rooms were held; no more, for ${end}`)
    figures.add('idle rooms beside one that plays: held', 'count', held)
  } finally {
    await rooms.end()
  }
})
