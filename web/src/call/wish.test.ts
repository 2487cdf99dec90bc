import { expect, it } from 'vitest';
import { parseSaid, Wishes } from './wish';

it.each<[string, ReturnType<typeof parseSaid>]>([
  ['{"wish":{"side":168,"share":0.5}}', { wish: { side: 168, share: 0.5 } }],
  ['{"rests":true}', { rests: true }],
  ['{"wish":{"side":168,"share":2}}', {}],
  ['{"wish":{"side":-1,"share":1},"rests":1}', {}],
  ['{"wish":{"side":"168"}}', {}],
  ['{"wish":null}', {}],
  ['null', null],
  ['no words', null],
  [`{"rests":true,"more":"${'x'.repeat(200)}"}`, null],
])('of %j is heard %j', (text, said) => {
  expect(parseSaid(text)).toEqual(said);
});

it('says the newest of everything as soon as there is a way, and news as they come', () => {
  const sent: unknown[] = [];
  const channel = { readyState: 'connecting' as RTCDataChannelState, onopen: null as (() => void) | null, onmessage: null, send: (text: unknown) => sent.push(JSON.parse(String(text))) };
  const wishes = new Wishes(channel, () => undefined);
  wishes.say({ wish: { side: 64, share: 1 } });
  wishes.say({ wish: { side: 168, share: 1 } });
  wishes.say({ rests: true });
  expect(sent).toEqual([]);
  channel.readyState = 'open';
  channel.onopen?.();
  wishes.say({ rests: false });
  expect(sent).toEqual([{ wish: { side: 168, share: 1 }, rests: true }, { rests: false }]);
});
