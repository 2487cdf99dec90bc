import { ActionIcon, Text, Textarea } from '@mantine/core';
import { IconArrowBackUp, IconPencil, IconSend2, IconX } from '@tabler/icons-react';
import { useEffect, useRef, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { Quote } from '@/api/hub/Outbox';
import { useMay, useRoom, useRoomSession } from '../context';
import { quoteText } from './Message';
import { draftOf, keepDraft, type Draft } from './drafts';
import classes from './Chat.module.css';

export const longestMessage = 4000;

interface Props {
  autoFocus: boolean;
  onSent: () => void;
  /** Where the panel begins a reply or an edit. */
  begin: RefObject<((draft: Partial<Draft>) => void) | null>;
}

export function Composer({ autoFocus, onSent, begin }: Props) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const mayChat = useMay('chat');
  const { roomId, mine } = useRoom((room) => ({
    roomId: room.room?.id ?? '',
    // What the arrow up brings back to be edited.
    mine: room.messages.findLast(({ author, deletedAt }) => deletedAt === undefined && author.id === room.peers.find(({ id }) => id === room.self?.peer)?.person?.id),
  }));
  const field = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useState(() => draftOf(roomId));
  const { text, editing, aside } = draft;
  const source = useRoom((room) => room.messages.find(({ seq }) => seq === draft.replyTo?.seq));
  const change = (next: Partial<Draft>): void => {
    const whole = { ...draft, ...next };
    setDraft(whole);
    keepDraft(roomId, whole);
  };
  useEffect(() => {
    begin.current = (next) => {
      if (next.editing !== undefined) change(editing === undefined ? { ...next, aside: text } : next);
      else change(editing === undefined ? next : { ...next, text: aside, aside: '' });
      field.current?.focus();
    };
    return () => {
      begin.current = null;
    };
  });
  // As it is now: what was removed stays nowhere.
  const replyTo: Quote | undefined = source ? { seq: source.seq, author: source.author, text: source.text, ...(source.deletedAt === undefined ? {} : { deletedAt: source.deletedAt }) } : draft.replyTo;
  const length = [...text].length;
  const words = text.trim();
  const stop = (): void => change(editing === undefined ? { replyTo: undefined } : { editing: undefined, text: aside, aside: '' });
  const send = (): void => {
    if (words === '' || length > longestMessage) return;
    if (editing !== undefined) {
      session.passing.write(false);
      void session.ask('chat.edit', { seq: editing, text: words }).then((done) => {
        if (done) return;
        if (begin.current) begin.current({ text: words, editing });
        else keepDraft(roomId, { ...draftOf(roomId), text: words, editing, aside: draftOf(roomId).text });
      });
      change({ text: aside, aside: '', editing: undefined });
      return;
    }
    session.passing.sent();
    session.outbox.say(words, replyTo);
    change({ text: '', replyTo: undefined });
    requestAnimationFrame(onSent);
  };
  if (!mayChat) {
    return (
      <Text c="dimmed" fz="sm" p="md" ta="center">
        {t('chat.cannot')}
      </Text>
    );
  }
  return (
    <form
      className={classes.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {(editing !== undefined || replyTo) && (
        <div className={classes.about} data-testid="chat-about">
          {editing === undefined ? <IconArrowBackUp size={16} aria-hidden /> : <IconPencil size={16} aria-hidden />}
          <span dir="auto">{editing === undefined && replyTo ? t('chat.replyingTo', { name: replyTo.author.displayName, text: quoteText(replyTo, t('chat.removed')) }) : t('chat.editing')}</span>
          <ActionIcon size={32} aria-label={t('app.cancel')} onClick={stop} data-testid="chat-about-cancel">
            <IconX size={16} />
          </ActionIcon>
        </div>
      )}
      <Textarea
        ref={field}
        value={text}
        onChange={(event) => {
          change({ text: event.currentTarget.value });
          session.passing.write(event.currentTarget.value.trim() !== '');
        }}
        onKeyDown={(event) => {
          // Enter and Escape that end a composition belong to the input method.
          if (event.nativeEvent.isComposing) return;
          if (event.key === 'Enter' && !event.shiftKey) {
            event.preventDefault();
            send();
          } else if (event.key === 'Escape' && (editing !== undefined || replyTo)) {
            event.stopPropagation();
            stop();
          } else if (event.key === 'ArrowUp' && text === '' && editing === undefined && mine) {
            event.preventDefault();
            change({ text: mine.text, editing: mine.seq });
          }
        }}
        placeholder={t('chat.placeholder')}
        aria-label={t('chat.placeholder')}
        autosize
        minRows={1}
        maxRows={6}
        autoFocus={autoFocus}
        flex={1}
        radius="lg"
        error={length > longestMessage ? t('chat.tooLong', { count: length - longestMessage }) : undefined}
        description={length > longestMessage * 0.9 && length <= longestMessage ? t('chat.left', { count: longestMessage - length }) : undefined}
        inputWrapperOrder={['input', 'description', 'error']}
        data-testid="chat-input"
        dir="auto"
        enterKeyHint="send"
      />
      <ActionIcon type="submit" variant="filled" color="turtle" size={42} disabled={words === '' || length > longestMessage} aria-label={t(editing === undefined ? 'chat.send' : 'app.save')} data-testid="chat-send" onPointerDown={(event) => event.preventDefault()}>
        <IconSend2 size={19} stroke={1.8} />
      </ActionIcon>
    </form>
  );
}
