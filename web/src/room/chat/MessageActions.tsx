import { ActionIcon, Button } from '@mantine/core';
import { IconArrowBackUp, IconEar, IconMoodPlus, IconPencil, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Quote } from '@/api/hub/Outbox';
import type { ChatMessage, PublicPerson } from '@/api/types';
import { useMay, useRoom, useRoomSession } from '../context';
import { mayActOn } from '../people/rank';
import { atHand } from './emoji';
import classes from './Chat.module.css';

interface Props {
  message: ChatMessage;
  reply: (quote: Quote, to?: PublicPerson) => void;
  whisper: (to: PublicPerson) => void;
  edit: (seq: number) => void;
  react: (seq: number) => void;
}

/** Before the button goes that has the focus. */
const toMessage = (event: React.MouseEvent): void => event.currentTarget.closest('article')?.focus({ preventScroll: true });

/** What can be done with the message that the pointer, the thumb or the focus is on. */
export function MessageActions({ message, reply, whisper, edit, react }: Props) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const me = useRoom((room) => room.peers.find(({ id }) => id === room.self?.peer)?.person?.id);
  const own = me === message.author.id;
  const mayChat = useMay('chat');
  const mayReact = useMay('react');
  // Of who is not here the role is not known, and the server decides.
  const ofHigher = useRoom((room) => {
    const theirs = room.room?.owner.id === message.author.id ? 'owner' : (room.peers.find(({ person }) => person?.id === message.author.id)?.role ?? 'guest');
    return room.self === null || !mayActOn(room.self.role, theirs);
  });
  const mayModerate = useMay('moderate') && !ofHigher;
  const [asking, setAsking] = useState(false);
  const { seq, author, text, to } = message;
  const here = useRoom((room) => room.peers.some(({ person }) => person?.id === author.id));
  if (!mayChat && !mayReact && !own && !mayModerate) return null;
  return (
    <div className={classes.actions} role="group" aria-label={t('chat.actions')}>
      {asking ? (
        <>
          <Button
            size="compact-sm"
            color="red"
            autoFocus
            onClick={(event) => {
              toMessage(event);
              void session.ask('chat.delete', { seq });
            }}
            data-testid="chat-delete-confirm"
          >
            {t('chat.delete')}
          </Button>
          <Button
            size="compact-sm"
            variant="subtle"
            color="gray"
            onClick={(event) => {
              toMessage(event);
              setAsking(false);
            }}
            data-testid="chat-delete-cancel"
          >
            {t('app.cancel')}
          </Button>
        </>
      ) : (
        <>
          {mayReact &&
            atHand.slice(0, 3).map((emoji) => {
              const mine = message.reactions?.find((one) => one.emoji === emoji)?.people.some(({ id }) => id === me) ?? false;
              return (
                <ActionIcon key={emoji} size={32} aria-label={t('chat.reactWith', { emoji })} aria-pressed={mine} title={t('chat.reactWith', { emoji })} onClick={() => void session.ask('chat.react', { seq, emoji, on: !mine })} data-testid="chat-react">
                  <span className={classes.emoji}>{emoji}</span>
                </ActionIcon>
              );
            })}
          {mayReact && (
            <ActionIcon size={32} aria-label={t('chat.reactMore')} title={t('chat.reactMore')} onClick={() => react(seq)} data-testid="chat-react-more">
              <IconMoodPlus size={18} stroke={1.7} />
            </ActionIcon>
          )}
          {mayChat && (
            <ActionIcon size={32} aria-label={t('chat.reply')} title={t('chat.reply')} onClick={() => reply({ seq, author, text }, to && own ? to : to && author)} data-testid="chat-reply">
              <IconArrowBackUp size={18} stroke={1.7} />
            </ActionIcon>
          )}
          {mayChat && !own && here && to === undefined && (
            <ActionIcon size={32} aria-label={t('chat.whisper', { name: author.displayName })} title={t('chat.whisper', { name: author.displayName })} onClick={() => whisper(author)} data-testid="chat-whisper-back">
              <IconEar size={17} stroke={1.7} />
            </ActionIcon>
          )}
          {own && mayChat && (
            <ActionIcon size={32} aria-label={t('chat.edit')} title={t('chat.edit')} onClick={() => edit(seq)} data-testid="chat-edit">
              <IconPencil size={17} stroke={1.7} />
            </ActionIcon>
          )}
          {(own || mayModerate) && (
            <ActionIcon size={32} aria-label={t('chat.delete')} title={t('chat.delete')} onClick={() => setAsking(true)} data-testid="chat-delete">
              <IconTrash size={17} stroke={1.7} />
            </ActionIcon>
          )}
        </>
      )}
    </div>
  );
}
