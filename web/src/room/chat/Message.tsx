import { Text } from '@mantine/core';
import { IconArrowForwardUp, IconEar, IconSpeakerphone, IconTrash } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/problem';
import type { Outgoing, Quote } from '@/api/hub/Outbox';
import type { PublicPerson } from '@/api/types';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { useErrorText } from '@/ui/useErrorText';
import { useRoomSession } from '../context';
import { sameLine, type Said } from './lines';
import { isFor, withMentions } from './mentions';
import { MessageActions } from './MessageActions';
import { Reactions } from './Reactions';
import classes from './Chat.module.css';

/** What a line may ask of the panel. The functions stay the same, so that a line draws anew only when it changes. */
export interface LineEvents {
  activate: (seq: number | null) => void;
  /** To the one person whom a whisper is shared with. */
  reply: (quote: Quote, to?: PublicPerson) => void;
  whisper: (to: PublicPerson) => void;
  edit: (seq: number) => void;
  /** With an emoji that is not at hand. */
  react: (seq: number) => void;
  goTo: (seq: number) => void;
}

interface Props extends LineEvents {
  line: Said;
  /** Who looks. */
  me: string | undefined;
  /** Its actions show. */
  active: boolean;
  /** A quote led here. */
  marked: boolean;
}

export const Message = memo(function Message({ line, me, active, marked, ...events }: Props) {
  const { t, i18n } = useTranslation();
  const time = new Intl.DateTimeFormat(i18n.language, { hour: 'numeric', minute: '2-digit' }).format(new Date(line.at));
  const { message } = line;
  const seq = message?.seq ?? null;
  const removed = message?.deletedAt !== undefined;
  return (
    <article
      className={classes.message}
      data-first={line.first || undefined}
      data-state={line.outgoing?.state}
      data-active={active || undefined}
      data-marked={marked || undefined}
      data-mine={(message !== undefined && !removed && isFor(message, me)) || undefined}
      data-whisper={line.to !== undefined || undefined}
      data-announcement={message?.announcement ?? line.outgoing?.announcement}
      data-seq={seq ?? undefined}
      data-testid="chat-message"
      tabIndex={-1}
      onPointerEnter={(event) => event.pointerType === 'mouse' && events.activate(seq)}
      onPointerLeave={(event) => event.pointerType === 'mouse' && !event.currentTarget.contains(document.activeElement) && events.activate(null)}
      onClick={() => events.activate(seq)}
      onFocus={() => events.activate(seq)}
    >
      {line.replyTo && <Quoted quote={line.replyTo} goTo={events.goTo} />}
      {line.first && <Author person={line.author} time={time} at={line.at} />}
      {line.first && line.to && (
        <div className={classes.kind} data-testid="chat-whisper">
          <IconEar size={14} aria-hidden /> <span dir="auto">{line.to.id === me ? t('chat.whispersYou') : t('chat.whispers', { name: line.to.displayName })}</span>
        </div>
      )}
      {line.first && (message?.announcement ?? line.outgoing?.announcement) === true && (
        <div className={classes.kind} data-testid="chat-announcement">
          <IconSpeakerphone size={14} aria-hidden /> {t('chat.announcement')}
        </div>
      )}
      <div className={classes.text} title={line.first ? undefined : time} data-removed={removed || undefined} data-testid="chat-text" dir="auto">
        {removed ? (
          <>
            <IconTrash size={14} aria-hidden /> {t('chat.removed')}
          </>
        ) : (
          withMentions(line.text, message?.mentions, me)
        )}
        {!removed && message?.editedAt !== undefined && (
          <span className={classes.edited} title={new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(message.editedAt))} data-testid="chat-edited">
            {t('chat.edited')}
          </span>
        )}
      </div>
      {message?.reactions && <Reactions message={message} />}
      {line.outgoing && <Sending item={line.outgoing} />}
      {active && message && !removed && <MessageActions message={message} reply={events.reply} whisper={events.whisper} edit={events.edit} react={events.react} />}
    </article>
  );
}, same);

function same({ line, ...before }: Props, { line: next, ...after }: Props): boolean {
  return sameLine(line, next) && (Object.keys(before) as (keyof typeof before)[]).every((key) => before[key] === after[key]);
}

function Quoted({ quote, goTo }: { quote: Quote; goTo: (seq: number) => void }) {
  const { t } = useTranslation();
  return (
    <button type="button" className={classes.quote} onClick={() => goTo(quote.seq)} aria-label={t('chat.goTo', { name: quote.author.displayName, text: quoteText(quote, t('chat.removed')) })} data-testid="chat-quote">
      <IconArrowForwardUp size={14} aria-hidden />
      <b dir="auto">{quote.author.displayName}</b>
      <span dir="auto">{quoteText(quote, t('chat.removed'))}</span>
    </button>
  );
}

export const quoteText = (quote: Quote, removed: string): string => (quote.deletedAt === undefined ? quote.text : removed);

function Author({ person, time, at }: { person: PublicPerson | undefined; time: string; at: string }) {
  return (
    <>
      <span className={classes.face}>{person && <PersonAvatar person={person} size={32} />}</span>
      <header className={classes.author}>
        <span className={classes.name} dir="auto" style={{ '--who': `light-dark(color-mix(in srgb, var(--mantine-color-${person?.avatarColor ?? 'gray'}-9) 70%, black), var(--mantine-color-${person?.avatarColor ?? 'gray'}-3))` } as React.CSSProperties}>
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
