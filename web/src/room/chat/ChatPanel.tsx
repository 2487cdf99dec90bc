import { Button, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconArrowDown } from '@tabler/icons-react';
import { Suspense, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { later } from '@/ui/later';
import { useRoom, useRoomSession } from '../context';
import { Composer } from './Composer';
import type { Draft } from './drafts';
import { groups, lastOf, type Line } from './lines';
import { Message, type LineEvents } from './Message';
import { TypingLine } from './TypingLine';
import classes from './Chat.module.css';

const ReactDialog = later(() => import('./ReactDialog').then((m) => ({ default: m.ReactDialog })));

/** How many lines are drawn for who is at the end, and how many more each time that somebody comes near the first of them. */
const drawn = 200;
const nearEnd = 60;
/** How long a message shows that a quote led to it. */
const markedFor = 2_000;
/** How many pages of older messages a click on a quote fetches. */
const farthest = 10;

interface Props {
  onSeen: () => void;
  /** After which seq the unread messages begin. */
  mark?: number | null;
  autoFocus?: boolean;
}

export function ChatPanel({ onSeen, mark = null, autoFocus = false }: Props) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const { messages, outbox, more, cleared, me } = useRoom((room) => ({
    messages: room.messages,
    outbox: room.outbox,
    more: room.moreMessages,
    cleared: room.clearedSeq > 0,
    me: room.peers.find(({ id }) => id === room.self?.peer)?.person,
  }));
  const list = useRef<HTMLDivElement>(null);
  const begin = useRef<((draft: Partial<Draft>) => void) | null>(null);
  const atEnd = useRef(true);
  const [reading, setReading] = useState(false);
  const setAtEnd = useCallback((now: boolean): void => {
    atEnd.current = now;
    setReading(!now);
  }, []);
  const [below, setBelow] = useState(0);
  const [loading, setLoading] = useState(false);
  const [active, setActive] = useState<number | null>(null);
  const [marked, setMarked] = useState<number | null>(null);
  const [reacting, setReacting] = useState<number | null>(null);
  const height = useRef(0);
  const [count, setCount] = useState(drawn);
  const lines = useMemo(() => groups(messages, outbox, me, mark), [messages, outbox, me, mark]);
  // What comes at either end while somebody reads further up is drawn besides: nothing goes from under their eyes.
  const [had, setHad] = useState(lines.length);
  if (had !== lines.length) {
    setHad(lines.length);
    if (reading && lines.length > had) setCount((before) => before + lines.length - had);
  }
  const shown = useMemo(() => lastOf(lines, count), [lines, count]);
  const hidden = lines.length - shown.length;
  const first = shown.find((line) => line.kind === 'message');
  const oldest = first?.kind === 'message' ? (first.message?.seq ?? 0) : 0;
  const lastOldest = useRef(oldest);
  const newest = messages.at(-1)?.seq ?? 0;
  const lastNewest = useRef(newest);

  const toEnd = useCallback(() => {
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
    setAtEnd(true);
    setBelow(0);
    setCount(drawn);
    onSeen();
  }, [onSeen, setAtEnd]);

  // Whoever is at the end stays there; whoever reads further up stays where they read.
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    if (oldest < lastOldest.current) element.scrollTop += element.scrollHeight - height.current;
    else if (atEnd.current) element.scrollTop = element.scrollHeight;
    lastOldest.current = oldest;
    height.current = element.scrollHeight;
    if (newest > lastNewest.current) {
      const added = messages.filter(({ seq }) => seq > lastNewest.current).length;
      lastNewest.current = newest;
      if (atEnd.current) onSeen();
      else setBelow((count) => count + added);
    }
  }, [shown, messages, oldest, newest, onSeen]);

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

  // A button stays where there is more; scrolling up or pressing it tries again.
  const older = useCallback(async (): Promise<boolean> => {
    setLoading(true);
    const found = await session.older();
    setLoading(false);
    return found;
  }, [session]);

  const events = useMemo<LineEvents>(() => {
    const found = (seq: number): HTMLElement | null => list.current?.querySelector<HTMLElement>(`[data-seq="${seq}"]`) ?? null;
    return {
      activate: setActive,
      react: setReacting,
      reply: (replyTo, to) => begin.current?.({ replyTo, to, announcement: false, editing: undefined }),
      whisper: (to) => begin.current?.({ to, replyTo: undefined, announcement: false, editing: undefined }),
      edit: (seq) => {
        const message = session.store.getState().messages.find((known) => known.seq === seq);
        if (message) begin.current?.({ text: message.text, editing: seq });
      },
      goTo: (seq) => {
        const go = async (): Promise<void> => {
          const known = (): boolean => session.store.getState().messages.some((message) => message.seq === seq);
          for (let pages = 0; !known(); pages++) {
            const why = pages === farthest ? t('chat.tooFar') : (await older()) ? undefined : t('chat.notFetched');
            if (why === undefined) continue;
            notifications.show({ message: why, color: 'orange' });
            return;
          }
          const { messages: all } = session.store.getState();
          const after = all.length - all.findIndex((message) => message.seq === seq);
          setAtEnd(false);
          flushSync(() => {
            setMarked(seq);
            // Days and what is being sent are lines too: the page around it is drawn with it.
            setCount((before) => Math.max(before, after + drawn));
          });
          requestAnimationFrame(() => {
            found(seq)?.scrollIntoView({ block: 'center' });
            found(seq)?.focus({ preventScroll: true });
          });
        };
        void go();
      },
    };
  }, [older, session, setAtEnd, t]);

  useEffect(() => {
    if (marked === null) return;
    const timer = setTimeout(() => setMarked(null), markedFor);
    return () => clearTimeout(timer);
  }, [marked]);

  const scrolled = (): void => {
    const element = list.current;
    if (!element) return;
    setAtEnd(element.scrollHeight - element.scrollTop - element.clientHeight < nearEnd);
    if (atEnd.current) {
      setBelow(0);
      setCount(drawn);
      onSeen();
    }
    if (element.scrollTop >= 80) return;
    if (hidden > 0 && !atEnd.current) setCount((before) => before + drawn);
    else if (hidden === 0 && more && !loading) void older();
  };
  const earlier = (): void => {
    setAtEnd(false);
    if (hidden > 0) setCount((before) => before + drawn);
    else void older();
  };

  /** The arrows go from message to message; the Tab key from there to what can be done with it. */
  const walk = (event: React.KeyboardEvent): void => {
    if ((event.key !== 'ArrowUp' && event.key !== 'ArrowDown') || event.altKey || event.ctrlKey || event.metaKey) return;
    const all = [...(list.current?.querySelectorAll<HTMLElement>('article') ?? [])];
    const at = all.findIndex((article) => article.contains(document.activeElement));
    const next = at < 0 ? all.at(-1) : all[at + (event.key === 'ArrowUp' ? -1 : 1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };

  return (
    <div className={classes.chat}>
      <div className={classes.list} ref={list} onScroll={scrolled} onKeyDown={walk} role="log" aria-live="off" aria-label={t('chat.label')} tabIndex={0} data-testid="chat-list">
        {more || hidden > 0 ? (
          <Button variant="subtle" color="gray" size="compact-sm" loading={loading} onClick={earlier} className={classes.older} data-testid="chat-older">
            {t('chat.older')}
          </Button>
        ) : (
          (cleared || messages.length > 0) && (
            <Text fz="xs" c="dimmed" ta="center" py={8}>
              {t(cleared ? 'chat.clearedBefore' : 'chat.beginning')}
            </Text>
          )
        )}
        {lines.length === 0 && !cleared && !more && (
          <div className={classes.empty}>
            <Text fw={650} fz="lg">
              {t('chat.empty')}
            </Text>
            <Text c="dimmed" fz="sm">
              {t('chat.emptyText')}
            </Text>
          </div>
        )}
        {shown.map((line) => (
          <LineView key={line.key} line={line} me={me?.id} active={active} marked={marked} events={events} />
        ))}
      </div>
      {below > 0 && (
        <Button className={classes.below} size="compact-sm" h={32} leftSection={<IconArrowDown size={15} />} onClick={toEnd} data-testid="chat-new-below">
          {t('chat.newBelow', { count: below })}
        </Button>
      )}
      <TypingLine />
      <Suspense>{reacting !== null && <ReactDialog onClose={() => setReacting(null)} choose={(emoji) => void session.ask('chat.react', { seq: reacting, emoji, on: true })} />}</Suspense>
      <Composer autoFocus={autoFocus} onSent={toEnd} begin={begin} />
    </div>
  );
}

function LineView({ line, me, active, marked, events }: { line: Line; me: string | undefined; active: number | null; marked: number | null; events: LineEvents }) {
  if (line.kind === 'day') return <Day at={line.at} />;
  if (line.kind === 'unread') return <UnreadLine />;
  const seq = line.message?.seq;
  return <Message line={line} me={me} active={seq !== undefined && seq === active} marked={seq !== undefined && seq === marked} {...events} />;
}

function UnreadLine() {
  const { t } = useTranslation();
  return (
    <div className={classes.day} data-unread role="separator" data-testid="chat-unread-line">
      <span>{t('chat.unread')}</span>
    </div>
  );
}

function Day({ at }: { at: string }) {
  const { t, i18n } = useTranslation();
  const offset = useRoom((room) => room.clockOffset);
  const day = new Date(at);
  const today = new Date(Date.now() + offset); // this device may believe that it is another day
  const days = Math.round((new Date(today.toDateString()).getTime() - new Date(day.toDateString()).getTime()) / 86_400_000);
  const text = days === 0 ? t('chat.today') : days === 1 ? t('chat.yesterday') : new Intl.DateTimeFormat(i18n.language, { weekday: 'long', day: 'numeric', month: 'long', ...(day.getFullYear() === today.getFullYear() ? {} : { year: 'numeric' }) }).format(day);
  return (
    <div className={classes.day} role="separator">
      <span>{text}</span>
    </div>
  );
}
