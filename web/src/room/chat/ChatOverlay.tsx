import { useEffect, useRef, useState } from 'react';
import { IconEar, IconSpeakerphone } from '@tabler/icons-react';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { useRoom } from '../context';
import classes from './Chat.module.css';

const shownFor = 8_000;
const most = 4;

/** New messages over the picture, for a moment. */
export function ChatOverlay() {
  const messages = useRoom((room) => room.messages);
  const [shown, setShown] = useState<readonly number[]>([]);
  const newest = useRef(messages.at(-1)?.seq ?? 0);
  useEffect(() => {
    const fresh = messages.filter(({ seq }) => seq > newest.current).map(({ seq }) => seq);
    if (fresh.length === 0) return;
    newest.current = fresh.at(-1) ?? newest.current;
    setShown((before) => [...before, ...fresh].slice(-most));
    setTimeout(() => setShown((before) => before.filter((seq) => !fresh.includes(seq))), shownFor);
  }, [messages]);
  return (
    <div className={classes.overlay} aria-hidden data-testid="chat-overlay">
      {/* As they are now: what is removed goes from here too. */}
      {messages
        .filter(({ seq, deletedAt }) => deletedAt === undefined && shown.includes(seq))
        .map((message) => (
          <div key={message.id} className={classes.bubble}>
            <div>
              <PersonAvatar person={message.author} size={24} />
            </div>
            <span>
              {message.to && <IconEar size={15} aria-hidden />}
              {message.announcement === true && <IconSpeakerphone size={15} aria-hidden />} <b>{message.author.displayName}</b> {message.text}
            </span>
          </div>
        ))}
    </div>
  );
}
