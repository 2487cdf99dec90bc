import { TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { emojiKinds, emojiOf, findEmoji, type Emoji } from './emojiList';
import classes from './EmojiPicker.module.css';

/** The columns of the grid; the arrows go by them. */
const columns = 8;

interface Props {
  choose: (emoji: string) => void;
}

/** Emoji by kind, or by a word. The arrows go through them, Enter takes one. */
export function EmojiPicker({ choose }: Props) {
  const { t } = useTranslation();
  const [sought, setSought] = useState('');
  const grid = useRef<HTMLDivElement>(null);
  const found = sought.trim() === '' ? null : findEmoji(sought);
  const buttons = (): HTMLButtonElement[] => [...(grid.current?.querySelectorAll('button') ?? [])];
  const walk = (event: React.KeyboardEvent): void => {
    const all = buttons();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (step === undefined || at < 0) return;
    event.preventDefault();
    all[Math.min(Math.max(at + step, 0), all.length - 1)]?.focus();
  };
  const kind = (list: readonly Emoji[], label: string) => (
    <div role="group" aria-label={label} key={label}>
      <div className={classes.kind} aria-hidden>
        {label}
      </div>
      <div className={classes.grid}>
        {list.map(({ emoji, name }) => (
          <button key={emoji} type="button" aria-label={name} title={name} onClick={() => choose(emoji)} data-testid="emoji">
            {emoji}
          </button>
        ))}
      </div>
    </div>
  );
  return (
    <div className={classes.picker} data-testid="emoji-picker">
      <TextInput
        value={sought}
        onChange={(event) => setSought(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') {
            event.preventDefault();
            buttons()[0]?.focus();
          } else if (event.key === 'Enter') {
            event.preventDefault();
            const first = found?.[0];
            if (first) choose(first.emoji);
          }
        }}
        placeholder={t('chat.emoji.search')}
        aria-label={t('chat.emoji.search')}
        data-autofocus
        data-testid="emoji-search"
      />
      <div className={classes.list} ref={grid} onKeyDown={walk} tabIndex={-1}>
        {found === null ? emojiKinds.map((one) => kind(emojiOf[one], t(`chat.emoji.${one}`))) : found.length > 0 ? kind(found, t('chat.emoji.found')) : <p role="status">{t('chat.emoji.none')}</p>}
      </div>
    </div>
  );
}
