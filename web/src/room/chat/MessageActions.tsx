import { ActionIcon, Button } from '@mantine/core';
import { IconArrowBackUp, IconPencil, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Quote } from '@/api/hub/Outbox';
import type { ChatMessage } from '@/api/types';
import { useMay, useRoom, useRoomSession } from '../context';
import classes from './Chat.module.css';

interface Props {
  message: ChatMessage;
  reply: (quote: Quote) => void;
  edit: (seq: number) => void;
}

/** Before the button goes that has the focus. */
const toMessage = (event: React.MouseEvent): void => event.currentTarget.closest('article')?.focus({ preventScroll: true });

/** What can be done with the message that the pointer, the thumb or the focus is on. */
export function MessageActions({ message, reply, edit }: Props) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const own = useRoom((room) => room.peers.find(({ id }) => id === room.self?.peer)?.person?.id === message.author.id);
  const mayChat = useMay('chat');
  const mayModerate = useMay('moderate');
  const [asking, setAsking] = useState(false);
  const { seq, author, text } = message;
  if (!mayChat && !own && !mayModerate) return null;
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
          {mayChat && (
            <ActionIcon aria-label={t('chat.reply')} title={t('chat.reply')} onClick={() => reply({ seq, author, text })} data-testid="chat-reply">
              <IconArrowBackUp size={18} stroke={1.7} />
            </ActionIcon>
          )}
          {own && mayChat && (
            <ActionIcon aria-label={t('chat.edit')} title={t('chat.edit')} onClick={() => edit(seq)} data-testid="chat-edit">
              <IconPencil size={17} stroke={1.7} />
            </ActionIcon>
          )}
          {(own || mayModerate) && (
            <ActionIcon aria-label={t('chat.delete')} title={t('chat.delete')} onClick={() => setAsking(true)} data-testid="chat-delete">
              <IconTrash size={17} stroke={1.7} />
            </ActionIcon>
          )}
        </>
      )}
    </div>
  );
}
