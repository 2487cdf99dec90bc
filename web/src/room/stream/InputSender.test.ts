import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InputSender } from './InputSender';

function setUp() {
  const sent: [string, string][] = [];
  const sender = new InputSender({ send: (channel, frame) => sent.push([channel, Buffer.from(frame).toString('hex')]) > 0 }, () => Date.now());
  return { sender, sent };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('InputSender', () => {
  it('sends nothing while somebody else drives', () => {
    const { sender, sent } = setUp();
    sender.press(0x61);
    sender.move(1, 2);
    expect(sent).toEqual([]);
  });

  it('sends a move at once, at most 250 a second, and always the newest', () => {
    const { sender, sent } = setUp();
    sender.setControl(true, 7);
    sender.move(5, 5);
    expect(sent).toHaveLength(1);
    for (let i = 0; i < 1000; i++) {
      sender.move(i, 0);
      vi.advanceTimersByTime(1);
    }
    vi.advanceTimersByTime(20);
    expect(sent.length).toBeLessThanOrEqual(252);
    expect(sent.length).toBeGreaterThan(200);
    expect(sent.at(-1)?.[1].slice(10, 14)).toBe((999).toString(16).padStart(4, '0'));
    expect(new Set(sent.map(([channel]) => channel))).toEqual(new Set(['pointer']));
  });

  it('keeps only the newest move while the network is behind', () => {
    const sent: string[] = [];
    let open = false;
    const sender = new InputSender({ send: (_channel, frame) => open && sent.push(Buffer.from(frame).toString('hex')) > 0 }, () => Date.now());
    sender.setControl(true, 7);
    sender.move(1, 1);
    sender.move(2, 2);
    sender.move(3, 3);
    vi.advanceTimersByTime(50);
    open = true;
    vi.advanceTimersByTime(50);
    expect(sent).toEqual(['01000000070003000300000001']);
  });

  it('pastes a text by the clipboard and the keys for it, or not at all', () => {
    const { sender, sent } = setUp();
    sender.setControl(true, 7);
    expect(sender.paste('x'.repeat(50_000))).toBe('tooLong');
    expect(sent).toEqual([]);
    expect(sender.paste('ü')).toBe('sent');
    expect(sent).toEqual([
      ['input', '0600000007c3bc'],
      ['input', '04000000070000ffe301'],
      ['input', '04000000070000007601'],
      ['input', '04000000070000007600'],
      ['input', '04000000070000ffe300'],
    ]);
  });

  it('says when nothing was pasted, and presses no keys for a text that did not get through', () => {
    const sent: string[] = [];
    let open = false;
    const sender = new InputSender({ send: (_channel, frame) => open && sent.push(Buffer.from(frame).toString('hex')) > 0 });
    expect(sender.paste('ü')).toBe('notDriving');
    sender.setControl(true, 7);
    expect(sender.paste('ü')).toBe('behind');
    open = true;
    sender.press(0x61);
    expect(sent).toEqual(['04000000070000006101', '04000000070000006100']);
  });

  it('says so when the keys of a paste did not get through', () => {
    let places = 2;
    const sender = new InputSender({ send: () => places-- > 0 });
    sender.setControl(true, 7);
    expect(sender.paste('ü')).toBe('behind');
  });

  it('lets no older move follow a button', () => {
    const { sender, sent } = setUp();
    sender.setControl(true, 7);
    sender.move(1, 1);
    sender.move(2, 2);
    sender.button(1, true, 3, 3);
    vi.advanceTimersByTime(100);
    expect(sent.map(([channel]) => channel)).toEqual(['pointer', 'input']);
  });

  it('keeps nothing that the stream refuses, and lets go of everything before what comes next', () => {
    const sent: string[] = [];
    let open = false;
    const sender = new InputSender({ send: (_channel, frame) => open && sent.push(Buffer.from(frame).toString('hex')) > 0 });
    sender.setControl(true, 7);
    sender.press(0x61);
    open = true;
    sender.key(0x62, true);
    sender.key(0x62, false);
    expect(sent).toEqual(['0500000007', '04000000070000006201', '04000000070000006200']);
  });

  it('presses again the modifiers that are still held after it had to let go of everything', () => {
    const sent: string[] = [];
    let open = true;
    const sender = new InputSender({ send: (_channel, frame) => open && sent.push(Buffer.from(frame).toString('hex')) > 0 });
    sender.setControl(true, 7);
    sender.key(0xffe1, true);
    sender.key(0xffe3, true);
    open = false;
    sender.press(0x61);
    sender.key(0xffe1, false);
    open = true;
    sent.length = 0;
    sender.key(0x62, true);
    expect(sent).toEqual(['0500000007', '04000000070000ffe301', '04000000070000006201']);
    sender.release();
    open = false;
    sender.key(0x62, false);
    open = true;
    sent.length = 0;
    sender.key(0x63, true);
    expect(sent).toEqual(['0500000007', '04000000070000006301']);
  });

  it('lets go of everything with the epoch it had when control is lost', () => {
    const { sender, sent } = setUp();
    sender.setControl(true, 7);
    sender.key(0x61, true);
    sender.setControl(false, 8);
    expect(sent.at(-1)).toEqual(['input', '0500000007']);
  });
});
