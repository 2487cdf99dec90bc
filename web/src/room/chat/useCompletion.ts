import { useEffect, useId, useState, type KeyboardEvent, type RefObject } from 'react';
import type { PublicPerson } from '@/api/types';
import { completing, matching } from './mentions';

export interface CompletionState {
  id: string;
  people: readonly PublicPerson[];
  chosen: number;
  /** The caret moved, or the text changed. */
  moved: () => void;
  choose: (person: PublicPerson) => void;
  /** Whether a key was for the list. */
  pressed: (event: KeyboardEvent) => boolean;
}

/** Names for what stands between an @ and the caret. */
export function useCompletion(field: RefObject<HTMLTextAreaElement | null>, text: string, others: readonly PublicPerson[], change: (text: string) => void): CompletionState {
  const id = useId();
  const [caret, setCaret] = useState(-1);
  const [chosen, setChosen] = useState(0);
  /** Where a list was closed by Escape. */
  const [closed, setClosed] = useState(-1);
  const [goTo, setGoTo] = useState<number | null>(null);
  const begun = caret < 0 ? null : completing(text, Math.min(caret, text.length));
  const people = begun && begun.from !== closed ? matching(others, begun.query) : [];
  const at = Math.min(chosen, people.length - 1);
  useEffect(() => {
    if (goTo === null) return;
    field.current?.setSelectionRange(goTo, goTo);
    setGoTo(null);
  }, [goTo, field]);
  const moved = (): void => {
    // A list that was closed stays so for the name that is being written, and no other.
    if (!begun) setClosed(-1);
    const element = field.current;
    setCaret(element && element.selectionStart === element.selectionEnd ? element.selectionStart : -1);
    setChosen(0);
  };
  const choose = (person: PublicPerson): void => {
    if (!begun) return;
    const name = `@${person.displayName} `;
    change(text.slice(0, begun.from) + name + text.slice(begun.from + 1 + begun.query.length).replace(/^ /, ''));
    setCaret(-1);
    setGoTo(begun.from + name.length);
    field.current?.focus();
  };
  const pressed = (event: KeyboardEvent): boolean => {
    const person = people[at];
    if (!person || !begun) return false;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') setChosen((at + (event.key === 'ArrowDown' ? 1 : people.length - 1)) % people.length);
    else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey) choose(person);
    else if (event.key === 'Escape') setClosed(begun.from);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  return { id, people, chosen: at, moved, choose, pressed };
}
