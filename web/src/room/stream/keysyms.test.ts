import { describe, expect, it } from 'vitest';
import { keysymOf, keysymsOfText } from './keysyms';

describe('keysymOf', () => {
  it.each([
    ['a letter', 'a', 0, 0x61],
    ['a capital', 'A', 0, 0x41],
    ['a Latin-1 letter', 'é', 0, 0xe9],
    ['a letter beyond Latin-1', 'ł', 0, 0x01000142],
    ['a Japanese letter', 'あ', 0, 0x01003042],
    ['an emoji of two units', '🐢', 0, 0x0101f422],
    ['Return', 'Enter', 0, 0xff0d],
    ['Return of the keypad', 'Enter', 3, 0xff8d],
    ['a digit of the keypad', '7', 3, 0xffb7],
    ['Home of the keypad', 'Home', 3, 0xff95],
    ['the left Shift', 'Shift', 1, 0xffe1],
    ['the right Control', 'Control', 2, 0xffe4],
    ['AltGr', 'AltGraph', 2, 0xfe03],
    ['F1', 'F1', 0, 0xffbe],
    ['F12', 'F12', 0, 0xffc9],
    ['the context menu', 'ContextMenu', 0, 0xff67],
    ['a space', ' ', 0, 0x20],
  ])('knows %s', (_name, key, location, keysym) => {
    expect(keysymOf({ key, location })).toBe(keysym);
  });

  it.each(['Dead', 'CapsLock', 'NumLock', 'Unidentified', 'Process', 'F99', 'LaunchApplication1'])('has nothing to say for %s', (key) => {
    expect(keysymOf({ key, location: 0 })).toBeNull();
  });

  it('types a text character by character, with Return for a new line', () => {
    expect(keysymsOfText('aé🐢\r\nb')).toEqual([0x61, 0xe9, 0x0101f422, 0xff0d, 0x62]);
  });
});
