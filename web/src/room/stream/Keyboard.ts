import type { InputSender, Pasted } from './InputSender';
import { controlLeft, isModifier, keysymOf, keysymsOfText, letterV } from './keysyms';
import type { Modifiers } from './Modifiers';

const altLeft = 0xffe9;
const altRight = 0xffea;
const backSpace = 0xff08;
const modifiers: readonly string[] = ['Control', 'Alt', 'Shift', 'Meta'];
/** Letters kept before the caret of a phone keyboard's field, so that it always has something to delete. */
const padding = '\u00a0'.repeat(24);
/** What a phone's keyboard shows while it is composed and is as good as typed, as each word is on Android. */
const typedAtOnce = /^[\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]*$/u;

export interface KeyboardOptions {
  sender: Pick<InputSender, 'key' | 'press' | 'release' | 'clipboard' | 'paste' | 'isDriving'>;
  /** Nothing was pasted. */
  unpasted: (why: Exclude<Pasted, 'sent'>) => void;
  /** The way out by keyboard: Control, Alt and Shift held together. */
  escape: () => void;
  /** Those that a phone's row of keys holds for the next letter. */
  modifiers?: Pick<Modifiers, 'hold' | 'drop'>;
  mac?: boolean;
}

/**
 * Keyboard listens on the stage's hidden text field while the person drives. A field, and not just a focused element,
 * because only a field gets dead keys, input methods, emoji pickers and phone keyboards. What keydown pressed, keyup
 * releases by the key's code, whatever the layout has made of it meanwhile.
 */
export class Keyboard {
  private readonly held = new Map<string, number>();
  /** The key of a paste, which waits for its text. */
  private pasting: { code: string; keysym: number } | null = null;
  private composing = false;
  private touchTyping = false;
  private lastTyped = { text: '', at: -Infinity };
  private detach: (() => void) | null = null;
  private readonly mac: boolean;

  constructor(private readonly options: KeyboardOptions) {
    this.mac = options.mac ?? /mac|iphone|ipad/i.test(navigator.userAgent);
  }

  attach(field: HTMLTextAreaElement): () => void {
    const abort = new AbortController();
    const { signal } = abort;
    field.addEventListener('keydown', (event) => this.down(event), { signal });
    field.addEventListener('keyup', (event) => this.up(event), { signal });
    field.addEventListener('compositionstart', () => (this.composing = true), { signal });
    field.addEventListener('compositionend', (event) => this.composed(event, field), { signal });
    field.addEventListener('input', (event) => this.input(event as InputEvent, field), { signal });
    field.addEventListener('paste', (event) => this.pasted(event), { signal });
    field.addEventListener('blur', () => this.letGo(), { signal });
    window.addEventListener('blur', () => this.letGo(), { signal });
    document.addEventListener('visibilitychange', () => document.hidden && this.letGo(), { signal });
    this.detach = () => abort.abort();
    return () => {
      this.letGo();
      this.detach?.();
    };
  }

  /** On a phone the field's text is followed as it changes, with what autocorrection takes back. */
  setTouchTyping(on: boolean, field: HTMLTextAreaElement): void {
    this.touchTyping = on;
    this.before = field.value = on ? padding : '';
  }

  /** Releases everything held, here and there. */
  letGo(): void {
    this.forget();
    this.composing = false;
    this.options.sender.release();
  }

  /** Control was lost: the agent has released all, so only forget. */
  forget(): void {
    this.held.clear();
    this.pasting = null;
  }

  private down(event: KeyboardEvent): void {
    const { sender } = this.options;
    if (!sender.isDriving) return;
    // Windows says Control and Alt of AltGr too, and AltGr with Shift only makes another letter.
    const altGraph = event.getModifierState('AltGraph');
    if (event.ctrlKey && event.altKey && event.shiftKey && !altGraph && modifiers.includes(event.key)) {
      event.preventDefault();
      this.letGo();
      this.options.escape();
      return;
    }
    // Chromium on Android says 229 and nothing else of what its keyboard does.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- no other field tells
    if (event.isComposing || event.keyCode === 229 || event.key === 'Process') return;
    if (event.key === 'Dead') return; // the field composes it with the next letter
    // A phone's field is followed, with whatever its keyboard makes of a letter.
    const followed = [...event.key].length === 1 || event.key === 'Backspace';
    if (this.touchTyping && followed && !event.ctrlKey && !event.altKey && !event.metaKey) return;
    const keysym = this.keysym(event);
    event.stopPropagation();
    // Only as the field's own does this key bring the clipboard's text, and without a question to the person.
    if (keysym !== null && !event.repeat && this.isPaste(event)) {
      this.mend(event, keysym);
      this.pasting = { code: event.code, keysym: /^(v|Insert)$/i.test(event.key) ? keysym : letterV };
      return;
    }
    event.preventDefault();
    const atOnce = event.code === '' || (this.touchTyping && keysym !== null && !isModifier(keysym));
    if (keysym === null || (event.repeat && !atOnce)) return; // the screen's own keyboard repeats
    this.mend(event, keysym);
    if (atOnce) {
      this.press(keysym);
      return;
    }
    this.held.set(event.code, keysym);
    sender.key(keysym, true);
    if (!isModifier(keysym) && event.key.length <= 2) this.lastTyped = { text: event.key, at: event.timeStamp };
  }

  private up(event: KeyboardEvent): void {
    event.preventDefault();
    // Without its modifier, the key would type a letter.
    if (this.pasting && (event.code === this.pasting.code || modifiers.includes(event.key))) this.pasteWithout();
    const keysym = this.held.get(event.code);
    if (keysym === undefined) return;
    this.held.delete(event.code);
    this.options.sender.key(keysym, false);
    // macOS tells no keyup of letters while Command is held.
    if (this.mac && event.key === 'Meta') {
      for (const [code, other] of this.held) {
        if (isModifier(other)) continue;
        this.held.delete(code);
        this.options.sender.key(other, false);
      }
    }
  }

  /** Control+V, or Shift+Insert as on old keyboards; by the key's place where the letters are not Latin ones. */
  private isPaste(event: KeyboardEvent): boolean {
    if (event.altKey) return false;
    if (event.key === 'Insert') return event.shiftKey && !event.ctrlKey && !event.metaKey;
    return (this.mac ? event.metaKey : event.ctrlKey) && (/^v$/i.test(event.key) || (event.code === 'KeyV' && event.key > '\u007f'));
  }

  /** First the text, then the key that pastes it. */
  private pasted(event: ClipboardEvent): void {
    event.preventDefault();
    const { sender, unpasted } = this.options;
    const { pasting } = this;
    this.pasting = null;
    if (!sender.isDriving) return;
    const text = event.clipboardData?.getData('text/plain') ?? '';
    // By a menu, or by a phone's keyboard, no key is pressed for it.
    const done = text === '' ? 'sent' : pasting ? sender.clipboard(text) : sender.paste(text);
    if (done !== 'sent') unpasted(done);
    if (done !== 'sent' || !pasting) return;
    this.held.set(pasting.code, pasting.keysym);
    sender.key(pasting.keysym, true);
  }

  /** No text has come, as where the page may not read the clipboard: what the room's browser has on its own is pasted. */
  private pasteWithout(): void {
    if (this.pasting) this.options.sender.press(this.pasting.keysym);
    this.pasting = null;
  }

  private keysym(event: KeyboardEvent): number | null {
    // Command is what Control is elsewhere: Command+C copies in the Firefox of the room too.
    if (this.mac && event.key === 'Meta') return controlLeft + (event.location === 2 ? 1 : 0);
    return keysymOf(event);
  }

  /** Releases modifiers that were let go of while nobody listened, and Option where it only made another letter. */
  private mend(event: KeyboardEvent, keysym: number): void {
    if (isModifier(keysym)) return;
    const optionLetter = this.mac && event.altKey && !event.ctrlKey && !event.metaKey && keysym < 0xfe00 !== (keysym > 0x01000000);
    for (const [code, other] of this.held) {
      const gone =
        (other === 0xffe1 || other === 0xffe2 ? !event.shiftKey : false) ||
        (other === 0xffe3 || other === 0xffe4 ? !event.ctrlKey && !(this.mac && event.metaKey) : false) ||
        (other === altLeft || other === altRight ? !event.altKey || optionLetter : false);
      if (!gone || event.getModifierState('AltGraph')) continue;
      this.held.delete(code);
      this.options.sender.key(other, false);
    }
  }

  private composed(event: CompositionEvent, field: HTMLTextAreaElement): void {
    this.composing = false;
    if (this.touchTyping) {
      this.follow(field);
      return;
    }
    const again = event.data === this.lastTyped.text && event.timeStamp - this.lastTyped.at < 50;
    if (event.data && !again) this.type(event.data);
    field.value = '';
  }

  private input(event: InputEvent, field: HTMLTextAreaElement): void {
    if (this.touchTyping) {
      this.follow(field);
      return;
    }
    if (this.composing || event.isComposing) return;
    // Emoji pickers and dictation insert without keys or composition; a composition's own text has gone by `composed`.
    if (event.data && event.inputType === 'insertText') this.type(event.data);
    field.value = '';
  }

  private before = padding;

  /**
   * Whatever changed the field - letters, a correction, dictation, an emoji, a deletion - is what it now has other than before.
   * Kana, Hangul and the like are not followed before they are composed: a page that completes what is typed would
   * take the deletions for its own.
   */
  private follow(field: HTMLTextAreaElement): void {
    // By what a backspace takes: an emoji is one, of however many code points.
    const before = letters(this.before);
    const now = letters(field.value);
    let same = 0;
    while (same < before.length && same < now.length && before[same] === now[same]) same++;
    const text = now.slice(same).join('');
    if (this.composing && !typedAtOnce.test(text)) return;
    for (let i = before.length; i > same; i--) this.press(backSpace);
    this.type(text);
    this.before = field.value;
    if (!this.composing && (now.length > 200 || now.length < padding.length / 2)) this.before = field.value = padding;
  }

  private type(text: string): void {
    if (!this.options.sender.isDriving) return;
    for (const keysym of keysymsOfText(text)) this.press(keysym);
  }

  private press(keysym: number): void {
    const { sender, modifiers } = this.options;
    modifiers?.hold();
    sender.press(keysym);
    modifiers?.drop();
  }
}

const segmenter = 'Segmenter' in Intl ? new Intl.Segmenter(undefined, { granularity: 'grapheme' }) : null;

function letters(text: string): string[] {
  return segmenter ? Array.from(segmenter.segment(text), ({ segment }) => segment) : [...text];
}
