import { createStore } from 'zustand/vanilla';
import type { InputSender } from './InputSender';

export type ModifierKey = 'control' | 'alt' | 'shift' | 'super';

const keysyms: Readonly<Record<ModifierKey, number>> = { control: 0xffe3, alt: 0xffe9, shift: 0xffe1, super: 0xffeb };

/** For the next key or click, or until it is tapped once more. */
export type Sticky = 'once' | 'locked';

/**
 * Modifiers that a phone's row of keys keeps for what comes next. They are pressed around a key or click only, so that none
 * stays down in the room's browser, whatever becomes of this page.
 */
export class Modifiers {
  readonly store = createStore<Partial<Record<ModifierKey, Sticky>>>(() => ({}));
  private readonly held: number[] = [];

  constructor(private readonly sender: Pick<InputSender, 'key'>) {}

  /** A tap on its key: for once, for longer, not any more. */
  tap(key: ModifierKey): void {
    const { [key]: before, ...others } = this.store.getState();
    this.store.setState(before === 'locked' ? others : { ...others, [key]: before === 'once' ? 'locked' : 'once' }, true);
  }

  hold(): void {
    for (const key of Object.keys(this.store.getState()) as ModifierKey[]) {
      this.held.push(keysyms[key]);
      this.sender.key(keysyms[key], true);
    }
  }

  drop(): void {
    if (this.held.length === 0) return;
    for (const keysym of this.held.splice(0).reverse()) this.sender.key(keysym, false);
    const locked = Object.entries(this.store.getState()).filter(([, sticky]) => sticky === 'locked');
    this.store.setState(Object.fromEntries(locked), true);
  }

  /** Control is lost, or the row of keys put away. */
  forget(): void {
    this.held.length = 0;
    this.store.setState({}, true);
  }
}
