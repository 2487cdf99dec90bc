import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Keyboard } from './Keyboard';

let field: HTMLTextAreaElement;
let said: string[];
const escape = vi.fn();
const unpasted = vi.fn();
const hex = (keysym: number): string => keysym.toString(16);

function start(mac = false, driving = true): Keyboard {
  const keyboard = new Keyboard({
    sender: {
      isDriving: driving,
      key: (keysym, down) => said.push(`${hex(keysym)} ${down ? 'down' : 'up'}`),
      press: (keysym) => said.push(`${hex(keysym)} pressed`),
      release: () => said.push('release'),
      clipboard: (text) => (text.length < 100 && said.push(`clipboard ${text}`) > 0 ? 'sent' : 'tooLong'),
      paste: (text) => (said.push(`paste ${text}`) > 0 ? 'sent' : 'tooLong'),
    },
    unpasted,
    escape,
    mac,
  });
  keyboard.attach(field);
  return keyboard;
}

/** What the browser makes of the keys of a paste, unless the page forbids it. */
function paste(text: string): void {
  const event = Object.assign(new Event('paste', { bubbles: true, cancelable: true }), { clipboardData: { getData: () => text } });
  expect(field.dispatchEvent(event)).toBe(false);
}

const key = (type: 'keydown' | 'keyup', init: KeyboardEventInit): boolean => field.dispatchEvent(new KeyboardEvent(type, { bubbles: true, cancelable: true, ...init }));

beforeEach(() => {
  field = document.createElement('textarea');
  document.body.replaceChildren(field);
  said = [];
  escape.mockReset();
  unpasted.mockReset();
});

describe('Keyboard', () => {
  it('presses and releases', () => {
    start();
    expect(key('keydown', { key: 'a', code: 'KeyA' })).toBe(false);
    key('keyup', { key: 'a', code: 'KeyA' });
    expect(said).toEqual(['61 down', '61 up']);
  });

  it('releases by code what was pressed, though Shift was let go of before', () => {
    start();
    key('keydown', { key: 'Shift', code: 'ShiftLeft', location: 1, shiftKey: true });
    key('keydown', { key: 'A', code: 'KeyA', shiftKey: true });
    key('keyup', { key: 'Shift', code: 'ShiftLeft', location: 1 });
    key('keyup', { key: 'a', code: 'KeyA' });
    expect(said).toEqual(['ffe1 down', '41 down', 'ffe1 up', '41 up']);
  });

  it('leaves repeats to the screen of the room', () => {
    start();
    key('keydown', { key: 'a', code: 'KeyA' });
    key('keydown', { key: 'a', code: 'KeyA', repeat: true });
    expect(said).toEqual(['61 down']);
  });

  it('lets go of everything when the field loses the focus', () => {
    start();
    key('keydown', { key: 'a', code: 'KeyA' });
    field.dispatchEvent(new FocusEvent('blur'));
    expect(said.at(-1)).toBe('release');
    said = [];
    key('keyup', { key: 'a', code: 'KeyA' });
    expect(said).toEqual([]);
  });

  it('gives the keyboard back for Control, Alt and Shift together', () => {
    start();
    key('keydown', { key: 'Shift', code: 'ShiftLeft', location: 1, ctrlKey: true, altKey: true, shiftKey: true });
    expect(escape).toHaveBeenCalledOnce();
    expect(said).toEqual(['release']);
  });

  it('does not take AltGr and Shift for the way out', () => {
    start();
    key('keydown', { key: 'Shift', code: 'ShiftLeft', location: 1, ctrlKey: true, altKey: true, shiftKey: true, modifierAltGraph: true });
    expect(escape).not.toHaveBeenCalled();
    expect(said).toEqual(['ffe1 down']);
  });

  it('types what an input method has composed, and none of the keys that made it', () => {
    start();
    field.dispatchEvent(new CompositionEvent('compositionstart'));
    key('keydown', { key: 'Process', code: 'KeyN', isComposing: true });
    field.dispatchEvent(new CompositionEvent('compositionend', { data: '日本' }));
    expect(said).toEqual(['10065e5 pressed', '100672c pressed']);
    expect(field.value).toBe('');
  });

  it('leaves a dead key to the field, which composes it', () => {
    start();
    expect(key('keydown', { key: 'Dead', code: 'Quote' })).toBe(true);
    expect(said).toEqual([]);
    field.dispatchEvent(new CompositionEvent('compositionend', { data: 'é' }));
    expect(said).toEqual(['e9 pressed']);
  });

  it('follows a phone keyboard, with what it takes back', () => {
    const keyboard = start();
    keyboard.setTouchTyping(true, field);
    const type = (value: string): void => {
      field.value = value;
      field.dispatchEvent(new InputEvent('input'));
    };
    const base = field.value;
    type(`${base}th`);
    type(`${base}the`);
    type(`${base}ta`);
    expect(said).toEqual(['74 pressed', '68 pressed', '65 pressed', 'ff08 pressed', 'ff08 pressed', '61 pressed']);
  });

  it('deletes nothing when the phone keyboard is put away and comes back', () => {
    const keyboard = start();
    keyboard.setTouchTyping(true, field);
    const type = (value: string): void => {
      field.value = value;
      field.dispatchEvent(new InputEvent('input'));
    };
    type(`${field.value}hello`);
    keyboard.setTouchTyping(false, field);
    keyboard.setTouchTyping(true, field);
    said = [];
    type(`${field.value}a`);
    expect(said).toEqual(['61 pressed']);
  });

  it('takes an emoji on a phone for one letter', () => {
    const keyboard = start();
    keyboard.setTouchTyping(true, field);
    const type = (value: string): void => {
      field.value = value;
      field.dispatchEvent(new InputEvent('input'));
    };
    const base = field.value;
    type(`${base}😀`);
    type(`${base}😁`);
    type(base);
    expect(said).toEqual(['101f600 pressed', 'ff08 pressed', '101f601 pressed', 'ff08 pressed']);
  });

  it('takes a whole family for one letter on a phone, as a backspace does', () => {
    const keyboard = start();
    keyboard.setTouchTyping(true, field);
    const type = (value: string): void => {
      field.value = value;
      field.dispatchEvent(new InputEvent('input'));
    };
    const base = field.value;
    type(`${base}👨‍👩‍👧`);
    type(base);
    expect(said.filter((line) => line === 'ff08 pressed')).toHaveLength(1);
  });

  it('types Japanese of a phone once it is composed, and a word at once', () => {
    const keyboard = start();
    keyboard.setTouchTyping(true, field);
    const compose = (value: string): void => {
      field.value = value;
      field.dispatchEvent(new InputEvent('input', { isComposing: true }));
    };
    const base = field.value;
    field.dispatchEvent(new CompositionEvent('compositionstart'));
    for (const text of ['に', 'にほ', 'にほん', '日本']) compose(base + text);
    expect(said).toEqual([]);
    field.dispatchEvent(new CompositionEvent('compositionend', { data: '日本' }));
    expect(said).toEqual(['10065e5 pressed', '100672c pressed']);
    said = [];
    const now = field.value;
    field.dispatchEvent(new CompositionEvent('compositionstart'));
    for (const text of ['h', 'hi']) compose(now + text);
    field.dispatchEvent(new CompositionEvent('compositionend', { data: 'hi' }));
    expect(said).toEqual(['68 pressed', '69 pressed']);
  });

  it('types what replaced a word of a phone instead of it', () => {
    const keyboard = start();
    keyboard.setTouchTyping(true, field);
    const base = field.value;
    const type = (value: string): void => {
      field.value = value;
      field.dispatchEvent(new InputEvent('input', { inputType: 'insertReplacementText' }));
    };
    type(`${base}teh`);
    said = [];
    type(`${base}the `);
    expect(said).toEqual(['ff08 pressed', 'ff08 pressed', '68 pressed', '65 pressed', '20 pressed']);
  });

  it('leaves the letters and the backspace of a phone to its field, and presses its other keys, as often as they come', () => {
    const keyboard = start();
    keyboard.setTouchTyping(true, field);
    for (const letter of ['a', 'Backspace']) expect(key('keydown', { key: letter, code: '' })).toBe(true);
    expect(said).toEqual([]);
    for (const repeat of [false, true]) expect(key('keydown', { key: 'ArrowLeft', code: 'ArrowLeft', repeat })).toBe(false);
    expect(said).toEqual(['ff51 pressed', 'ff51 pressed']);
  });

  it('makes Control of Command, and releases letters whose keyup macOS hides', () => {
    start(true);
    key('keydown', { key: 'Meta', code: 'MetaLeft', location: 1, metaKey: true });
    key('keydown', { key: 'c', code: 'KeyC', metaKey: true });
    key('keyup', { key: 'Meta', code: 'MetaLeft', location: 1 });
    expect(said).toEqual(['ffe3 down', '63 down', 'ffe3 up', '63 up']);
  });

  it('lets keys pass while somebody else drives', () => {
    start(false, false);
    expect(key('keydown', { key: 'a', code: 'KeyA' })).toBe(true);
    expect(said).toEqual([]);
  });
});

describe('Keyboard, pasting', () => {
  const control = { key: 'Control', code: 'ControlLeft', location: 1, ctrlKey: true };

  it('sends the text of the clipboard before the key that pastes it', () => {
    start();
    key('keydown', control);
    expect(key('keydown', { key: 'v', code: 'KeyV', ctrlKey: true })).toBe(true);
    paste('héllo');
    expect(key('keydown', { key: 'v', code: 'KeyV', ctrlKey: true, repeat: true })).toBe(false);
    key('keyup', { key: 'v', code: 'KeyV', ctrlKey: true });
    expect(said).toEqual(['ffe3 down', 'clipboard héllo', '76 down', '76 up']);
  });

  it('pastes by Command on a Mac, and by the key of V where the letters are others', () => {
    start(true);
    key('keydown', { key: 'Meta', code: 'MetaLeft', location: 1, metaKey: true });
    key('keydown', { key: 'м', code: 'KeyV', metaKey: true });
    paste('a');
    key('keyup', { key: 'Meta', code: 'MetaLeft', location: 1 });
    expect(said).toEqual(['ffe3 down', 'clipboard a', '76 down', 'ffe3 up', '76 up']);
  });

  it('leaves Control+V of a Mac to the room', () => {
    start(true);
    expect(key('keydown', { key: 'v', code: 'KeyV', ctrlKey: true })).toBe(false);
    expect(said).toEqual(['76 down']);
  });

  it('presses the key all the same when no text comes', () => {
    start();
    key('keydown', control);
    key('keydown', { key: 'v', code: 'KeyV', ctrlKey: true });
    key('keyup', { key: 'v', code: 'KeyV', ctrlKey: true });
    expect(said).toEqual(['ffe3 down', '76 pressed']);
  });

  it('presses the key before its modifier is let go of, which would leave a letter', () => {
    start();
    key('keydown', control);
    key('keydown', { key: 'v', code: 'KeyV', ctrlKey: true });
    key('keyup', { key: 'Control', code: 'ControlLeft', location: 1 });
    key('keyup', { key: 'v', code: 'KeyV' });
    expect(said).toEqual(['ffe3 down', '76 pressed', 'ffe3 up']);
  });

  it('pastes what comes without keys, as from a phone keyboard', () => {
    start();
    paste('from a menu');
    expect(said).toEqual(['paste from a menu']);
  });

  it('says so when it is too long, and pastes nothing else instead', () => {
    start();
    key('keydown', { key: 'v', code: 'KeyV', ctrlKey: true });
    paste('x'.repeat(100));
    key('keyup', { key: 'v', code: 'KeyV', ctrlKey: true });
    expect(unpasted).toHaveBeenCalledExactlyOnceWith('tooLong');
    expect(said).toEqual([]);
  });
});
