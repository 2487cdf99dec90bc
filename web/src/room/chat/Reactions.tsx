import { useTranslation } from 'react-i18next';
import type { ChatMessage } from '@/api/types';
import { useMay, useRoom, useRoomSession } from '../context';
import classes from './Chat.module.css';

/** How people reacted to a message; a click adds one's own, or takes it away. */
export function Reactions({ message }: { message: ChatMessage }) {
  const { t, i18n } = useTranslation();
  const session = useRoomSession();
  const me = useRoom((room) => room.peers.find(({ id }) => id === room.self?.peer)?.person?.id);
  const mayReact = useMay('react');
  const { seq, reactions } = message;
  if (!reactions) return null;
  return (
    <div className={classes.reactions} role="group" aria-label={t('chat.reactions')}>
      {reactions.map(({ emoji, people }) => {
        const mine = people.some(({ id }) => id === me);
        const names = new Intl.ListFormat(i18n.language).format(people.map(({ displayName }) => displayName));
        return (
          <button
            key={emoji}
            type="button"
            aria-pressed={mine}
            aria-label={t('chat.reactedBy', { emoji, count: people.length, names })}
            title={names}
            disabled={!mayReact}
            onClick={() => void session.ask('chat.react', { seq, emoji, on: !mine })}
            data-testid="chat-reaction"
          >
            <span>{emoji}</span> <span className="tnum">{people.length}</span>
          </button>
        );
      })}
    </div>
  );
}
