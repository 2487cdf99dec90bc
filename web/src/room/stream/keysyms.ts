/**
 * X11 keysyms (keysymdef.h, XF86keysym.h) for what KeyboardEvent says. The agent finds or binds a key for any keysym, so
 * the page sends what the person's own keyboard produced and no layout has to match.
 */
const named: Readonly<Record<string, number>> = {
  Backspace: 0xff08, Tab: 0xff09, Clear: 0xff0b, Enter: 0xff0d, Pause: 0xff13, ScrollLock: 0xff14, Escape: 0xff1b, Delete: 0xffff,
  Home: 0xff50, ArrowLeft: 0xff51, ArrowUp: 0xff52, ArrowRight: 0xff53, ArrowDown: 0xff54, PageUp: 0xff55, PageDown: 0xff56, End: 0xff57,
  Select: 0xff60, PrintScreen: 0xff61, Execute: 0xff62, Insert: 0xff63, Undo: 0xff65, Redo: 0xff66, ContextMenu: 0xff67, Find: 0xff68,
  Cancel: 0xff69, Help: 0xff6a, ModeChange: 0xff7e,
  // Japanese and Korean keys
  Compose: 0xff20, Convert: 0xff23, NonConvert: 0xff22, Romaji: 0xff24, Hiragana: 0xff25, Katakana: 0xff26, HiraganaKatakana: 0xff27,
  Zenkaku: 0xff28, Hankaku: 0xff29, ZenkakuHankaku: 0xff2a, KanaMode: 0xff2d, KanjiMode: 0xff21, Eisu: 0xff2f, Alphanumeric: 0xff30,
  HangulMode: 0xff31, HanjaMode: 0xff34,
  // Media and browser keys
  BrowserBack: 0x1008ff26, BrowserForward: 0x1008ff27, BrowserRefresh: 0x1008ff29, BrowserStop: 0x1008ff28, BrowserSearch: 0x1008ff1b,
  BrowserHome: 0x1008ff18, BrowserFavorites: 0x1008ff30, AudioVolumeDown: 0x1008ff11, AudioVolumeMute: 0x1008ff12, AudioVolumeUp: 0x1008ff13,
  MediaPlayPause: 0x1008ff14, MediaPlay: 0x1008ff14, MediaPause: 0x1008ff31, MediaStop: 0x1008ff15, MediaTrackPrevious: 0x1008ff16,
  MediaTrackNext: 0x1008ff17, Copy: 0x1008ff57, Cut: 0x1008ff58, Paste: 0x1008ff6d, Open: 0x1008ff6b, Save: 0x1008ff77,
  AltGraph: 0xfe03,
};

/** Left and right of the keys that stand on both sides. */
const sided: Readonly<Record<string, readonly [left: number, right: number]>> = {
  Shift: [0xffe1, 0xffe2],
  Control: [0xffe3, 0xffe4],
  Alt: [0xffe9, 0xffea],
  Meta: [0xffeb, 0xffec],
  OS: [0xffeb, 0xffec],
  Super: [0xffeb, 0xffec],
  Hyper: [0xffed, 0xffee],
};

const keypad: Readonly<Record<string, number>> = {
  '0': 0xffb0, '1': 0xffb1, '2': 0xffb2, '3': 0xffb3, '4': 0xffb4, '5': 0xffb5, '6': 0xffb6, '7': 0xffb7, '8': 0xffb8, '9': 0xffb9,
  '*': 0xffaa, '+': 0xffab, '-': 0xffad, '/': 0xffaf, '.': 0xffae, ',': 0xffac, '=': 0xffbd,
  Enter: 0xff8d, Home: 0xff95, ArrowLeft: 0xff96, ArrowUp: 0xff97, ArrowRight: 0xff98, ArrowDown: 0xff99, PageUp: 0xff9a, PageDown: 0xff9b,
  End: 0xff9c, Clear: 0xff9d, Insert: 0xff9e, Delete: 0xff9f,
};

/** Locks are the person's own: what they type comes with them applied. A dead key says nothing until its letter comes. */
const silent: ReadonlySet<string> = new Set(['CapsLock', 'NumLock', 'Dead', 'Process', 'Unidentified', 'Fn', 'FnLock', 'Symbol', 'SymbolLock']);

const rightSide = 2;
const onKeypad = 3;

export const controlLeft = 0xffe3;
export const letterV = 0x76;

export function isModifier(keysym: number): boolean {
  return (keysym >= 0xffe1 && keysym <= 0xffee) || keysym === 0xfe03;
}

/** Latin-1 is its own keysym; every other character is 0x01000000 and its code point. */
export function keysymOfCharacter(character: string): number | null {
  const point = character.codePointAt(0);
  if (point === undefined) return null;
  if (point === 0x0a || point === 0x0d) return 0xff0d;
  if (point === 0x09) return 0xff09;
  if (point === 0x08) return 0xff08;
  if ((point >= 0x20 && point <= 0x7e) || (point >= 0xa0 && point <= 0xff)) return point;
  if (point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0xd800 && point < 0xe000)) return null;
  return 0x01000000 + point;
}

/** What a pressed key is to X11; null for a key that has nothing to say by itself. */
export function keysymOf(event: Pick<KeyboardEvent, 'key' | 'location'>): number | null {
  const { key, location } = event;
  if (silent.has(key)) return null;
  if (location === onKeypad) {
    const keysym = keypad[key];
    if (keysym !== undefined) return keysym;
  }
  const pair = sided[key];
  if (pair) return location === rightSide ? pair[1] : pair[0];
  const keysym = named[key];
  if (keysym !== undefined) return keysym;
  const functionKey = /^F([1-9]|[12]\d|3[0-5])$/.exec(key);
  if (functionKey?.[1]) return 0xffbd + Number(functionKey[1]);
  // One character, which may be two UTF-16 units, or a letter with its combining mark: then the letter speaks.
  const characters = [...key];
  return characters.length === 1 || (characters.length === 2 && /\p{M}/u.test(characters[1] ?? '')) ? keysymOfCharacter(key) : null;
}

/** A text as the keysyms to press and release in turn. */
export function keysymsOfText(text: string): number[] {
  const keysyms: number[] = [];
  for (const character of text.replaceAll('\r\n', '\n')) {
    const keysym = keysymOfCharacter(character);
    if (keysym !== null) keysyms.push(keysym);
  }
  return keysyms;
}
