import { ActionIcon, Button, Text, Textarea } from '@mantine/core';
import { IconArrowDown, IconSend2 } from '@tabler/icons-react';
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import type { Outgoing } from '@/api/hub/Outbox';
import type { PublicPerson } from '@/api/types';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { useErrorText } from '@/ui/useErrorText';
import { ApiError } from '@/api/problem';
import { useMay, useRoom, useRoomSession } from '../context';
import { withLinks } from './links';
import { groups, type Line } from './lines';
import classes from './Chat.module.css';

export const longestMessage = 4000;
const nearEnd = 60;

interface Props {
  onSeen: () => void;
  autoFocus?: boolean;
}

export function ChatPanel({ onSeen, autoFocus = false }: Props) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const api = useApi();
  const { messages, outbox, more, roomId, me } = useRoom((room) => ({
    messages: room.messages,
    outbox: room.outbox,
    more: room.moreMessages,
    roomId: room.room?.id ?? '',
    me: room.peers.find(({ id }) => id === room.self?.peer)?.person,
  }));
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [below, setBelow] = useState(0);
  const [loading, setLoading] = useState(false);
  const keepFromEnd = useRef<number | null>(null);
  const lines = useMemo(() => groups(messages, outbox, me), [messages, outbox, me]);
  const newest = messages.at(-1)?.seq ?? 0;
  const lastNewest = useRef(newest);

  const toEnd = useCallback(() => {
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
    atEnd.current = true;
    setBelow(0);
    onSeen();
  }, [onSeen]);

  // Whoever is at the end stays there; whoever reads further up stays where they read.
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    if (keepFromEnd.current !== null) {
      element.scrollTop = element.scrollHeight - keepFromEnd.current;
      keepFromEnd.current = null;
    } else if (atEnd.current) {
      element.scrollTop = element.scrollHeight;
    }
    if (newest > lastNewest.current) {
      const added = newest - lastNewest.current;
      lastNewest.current = newest;
      if (atEnd.current) onSeen();
      else setBelow((count) => count + added);
    }
  }, [lines, newest, onSeen]);

  useEffect(() => {
    if (atEnd.current) onSeen();
  }, [onSeen]);

  // The panel changes its height with the phone's keyboard and the composer.
  useEffect(() => {
    const element = list.current;
    if (!element || typeof ResizeObserver === 'undefined') return;
    const observer = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const older = useCallback(async () => {
    const first = messages[0];
    const element = list.current;
    if (!first || loading) return;
    setLoading(true);
    try {
      const page = await unwrap(api.GET('/rooms/{room}/messages', { params: { path: { room: roomId }, query: { before: first.seq, limit: 50 } } }));
      if (element) keepFromEnd.current = element.scrollHeight - element.scrollTop;
      session.addHistory(page.messages, page.more);
    } catch {
      // The button stays; scrolling up or pressing it tries again.
    } finally {
      setLoading(false);
    }
  }, [api, loading, messages, roomId, session]);

  const scrolled = (): void => {
    const element = list.current;
    if (!element) return;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearEnd;
    if (atEnd.current) {
      setBelow(0);
      onSeen();
    }
    if (element.scrollTop < 80 && more && !loading) void older();
  };

  return (
    <div className={classes.chat}>
      <div className={classes.list} ref={list} onScroll={scrolled} role="log" aria-live="off" aria-label={t('chat.label')} tabIndex={0} data-testid="chat-list">
        {more ? (
          <Button variant="subtle" color="gray" size="compact-sm" loading={loading} onClick={() => void older()} className={classes.older} data-testid="chat-older">
            {t('chat.older')}
          </Button>
        ) : (
          messages.length > 0 && (
            <Text fz="xs" c="dimmed" ta="center" py={8}>
              {t('chat.beginning')}
            </Text>
          )
        )}
        {lines.length === 0 && (
          <div className={classes.empty}>
            <Text fw={650} fz="lg">
              {t('chat.empty')}
            </Text>
            <Text c="dimmed" fz="sm">
              {t('chat.emptyText')}
            </Text>
          </div>
        )}
        {lines.map((line) => (
          <LineView key={line.key} line={line} />
        ))}
      </div>
      {below > 0 && (
        <Button className={classes.below} size="compact-sm" h={32} leftSection={<IconArrowDown size={15} />} onClick={toEnd} data-testid="chat-new-below">
          {t('chat.newBelow', { count: below })}
        </Button>
      )}
      <Composer autoFocus={autoFocus} onSent={toEnd} />
    </div>
  );
}

function LineView({ line }: { line: Line }) {
  if (line.kind === 'day') return <Day at={line.at} />;
  return <Message line={line} />;
}

function Day({ at }: { at: string }) {
  const { t, i18n } = useTranslation();
  const day = new Date(at);
  const today = new Date();
  const days = Math.round((new Date(today.toDateString()).getTime() - new Date(day.toDateString()).getTime()) / 86_400_000);
  const text = days === 0 ? t('chat.today') : days === 1 ? t('chat.yesterday') : new Intl.DateTimeFormat(i18n.language, { weekday: 'long', day: 'numeric', month: 'long', ...(day.getFullYear() === today.getFullYear() ? {} : { year: 'numeric' }) }).format(day);
  return (
    <div className={classes.day} role="separator">
      <span>{text}</span>
    </div>
  );
}

const Message = memo(function Message({ line }: { line: Extract<Line, { kind: 'message' }> }) {
  const { i18n } = useTranslation();
  const time = new Intl.DateTimeFormat(i18n.language, { hour: 'numeric', minute: '2-digit' }).format(new Date(line.at));
  return (
    <article className={classes.message} data-first={line.first || undefined} data-state={line.outgoing?.state} data-testid="chat-message">
      {line.first && <Author person={line.author} time={time} at={line.at} />}
      <div className={classes.text} title={line.first ? undefined : time} data-testid="chat-text">
        {withLinks(line.text)}
      </div>
      {line.outgoing && <Sending item={line.outgoing} />}
    </article>
  );
});

function Author({ person, time, at }: { person: PublicPerson | undefined; time: string; at: string }) {
  return (
    <>
      <span className={classes.face}>{person && <PersonAvatar person={person} size={32} />}</span>
      <header className={classes.author}>
        <span className={classes.name} style={{ '--who': `light-dark(var(--mantine-color-${person?.avatarColor ?? 'gray'}-9), var(--mantine-color-${person?.avatarColor ?? 'gray'}-4))` } as React.CSSProperties}>
          {person?.displayName}
        </span>
        <time dateTime={at}>{time}</time>
      </header>
    </>
  );
}

function Sending({ item }: { item: Outgoing }) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const errorText = useErrorText();
  if (item.state === 'sending') {
    return (
      <Text component="span" fz="xs" c="dimmed" className={classes.under} data-testid="chat-sending">
        {t('chat.sending')}
      </Text>
    );
  }
  const why = item.code === undefined ? '' : errorText(new ApiError(item.code as ApiError['code'], ''));
  return (
    <Text component="span" fz="xs" c="red" className={classes.under} role="alert" data-testid="chat-failed">
      {t('chat.failed')} {why}{' '}
      <button type="button" onClick={() => session.outbox.retry(item.key)} data-testid="chat-retry">
        {t('chat.retry')}
      </button>{' '}
      <button type="button" onClick={() => session.outbox.discard(item.key)}>
        {t('chat.discard')}
      </button>
    </Text>
  );
}

/** What is being written outlives the panel: a look at another tab loses nothing. */
const drafts = new Map<string, string>();

function Composer({ autoFocus, onSent }: { autoFocus: boolean; onSent: () => void }) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const mayChat = useMay('chat');
  const roomId = useRoom((room) => room.room?.id ?? '');
  const [text, setText] = useState(() => drafts.get(roomId) ?? '');
  const change = (next: string): void => {
    setText(next);
    drafts.set(roomId, next);
  };
  const length = [...text].length;
  const words = text.trim();
  const send = (): void => {
    if (words === '' || length > longestMessage) return;
    session.outbox.say(words);
    change('');
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
      <Textarea
        value={text}
        onChange={(event) => change(event.currentTarget.value)}
        onKeyDown={(event) => {
          // Enter that ends a composition belongs to the input method.
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          send();
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
        enterKeyHint="send"
      />
      <ActionIcon type="submit" variant="filled" color="turtle" size={42} disabled={words === '' || length > longestMessage} aria-label={t('chat.send')} data-testid="chat-send" onPointerDown={(event) => event.preventDefault()}>
        <IconSend2 size={19} stroke={1.8} />
      </ActionIcon>
    </form>
  );
}

