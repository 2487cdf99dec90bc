import { expect, test } from './support/test'
import { unique } from './support/room'

test('two write, answer, change, react, mention and whisper, and a third sees no whisper', async ({ arrive }) => {
  const ann = await (await arrive('Ann')).signUp()
  await ann.createRoom(unique('Chat'), '')
  const link = await ann.inviteLink()
  const ben = await (await arrive('Ben')).joinAsGuest(link)
  const cleo = await (await arrive('Cleo')).joinAsGuest(link)
  // By its own text: what answers it quotes it too.
  const said = (person: typeof ann, text: string) => person.page.getByTestId('chat-message').filter({ has: person.page.getByTestId('chat-text').filter({ hasText: text }) })
  const act = async (person: typeof ann, text: string, what: string): Promise<void> => {
    await said(person, text).hover()
    await said(person, text).getByTestId(what).first().click()
  }
  for (const person of [ben, cleo]) await person.openChat()

  await ann.say('shall we begn?')
  await act(ben, 'shall we begn?', 'chat-reply')
  await ben.page.getByTestId('chat-input').fill('yes, @An')
  await ben.page.getByTestId('chat-completion-option').filter({ hasText: ann.name }).click()
  await ben.page.getByTestId('chat-input').press('Enter')
  await expect(said(ann, `yes, @${ann.name}`).getByTestId('chat-mention')).toHaveAttribute('data-me', 'true')
  await expect(said(cleo, `yes, @${ann.name}`).getByTestId('chat-mention')).not.toHaveAttribute('data-me')

  await act(ann, 'shall we begn?', 'chat-edit')
  await ann.say('shall we begin?')
  await expect(said(ben, 'shall we begin?').getByTestId('chat-edited')).toHaveCount(1)
  await act(ben, 'shall we begin?', 'chat-react')
  await expect(said(ann, 'shall we begin?').getByTestId('chat-reaction')).toHaveCount(1)

  await ben.page.getByTestId('chat-more').click()
  await ben.page.getByTestId('chat-whisper-to').filter({ hasText: ann.name }).click()
  await ben.say('a secret')
  await expect(said(ann, 'a secret').getByTestId('chat-whisper')).toHaveCount(1)
  await act(ann, 'a secret', 'chat-reply')
  await ann.say('it is safe with me')
  await expect(said(ben, 'it is safe with me')).toHaveCount(1)

  await act(ann, 'shall we begin?', 'chat-delete')
  await said(ann, 'shall we begin?').getByTestId('chat-delete-confirm').click()
  await expect(said(cleo, 'Removed')).toHaveCount(1)
  // What came before the removal is there by now, and the whispers are not; nor after a reload, from the server's memory.
  for (const _ of [0, 1]) {
    await expect(said(cleo, `yes, @${ann.name}`)).toHaveCount(1)
    await expect(said(cleo, 'a secret')).toHaveCount(0)
    await expect(said(cleo, 'it is safe with me')).toHaveCount(0)
    await cleo.page.reload()
    await cleo.openChat()
  }
})
