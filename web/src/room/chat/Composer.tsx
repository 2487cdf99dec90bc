import { ActionIcon, Text, Textarea } from '@mantine/core';
import { IconArrowBackUp, IconEar, IconPencil, IconSend2, IconSpeakerphone, IconX } from '@tabler/icons-react';
import { useEffect, useMemo, useRef, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { Quote } from '@/api/hub/Outbox';
import { useMay, useRoom, useRoomSession } from '../context';
import { EmojiButton } from './EmojiButton';
import { Completion } from './Completion';
import { ComposerMenu } from './ComposerMenu';
import { quoteText } from './Message';
import { useCompletion } from './useCompletion';
import { useSlowMode } from './useSlowMode';
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
  const wait = useSlowMode();
  const { roomId, peers, self, cleared, mine } = useRoom((room) => ({
    roomId: room.room?.id ?? '',
    peers: room.peers,
    self: room.self?.peer,
    cleared: room.clearedSeq,
    // What the arrow up brings back to be edited.
    mine: room.messages.findLast(({ author, deletedAt }) => deletedAt === undefined && author.id === room.peers.find(({ id }) => id === room.self?.peer)?.person?.id),
  }));
  const field = useRef<HTMLTextAreaElement>(null);
  const me = peers.find(({ id }) => id === self)?.person?.id ?? '';
  const others = useMemo(() => {
    const people = new Map(peers.flatMap(({ person }) => (person && person.id !== me ? [[person.id, person] as const] : [])));
    return [...people.values()].sort((a, b) => a.displayName.localeCompare(b.displayName));
  }, [peers, me]);
  const [draft, setDraft] = useState(() => draftOf(roomId, me));
  const { text, editing, aside, to, announcement } = draft;
  const source = useRoom((room) => room.messages.find(({ seq }) => seq === draft.replyTo?.seq));
  const changes = useRoom((room) => room.messages.find(({ seq }) => seq === editing));
  // Who whispers writes nothing that the others will see.
  const aloud = (editing === undefined ? to : changes?.to) === undefined;
  const change = (next: Partial<Draft>): void => {
    const whole = { ...draft, ...next };
    setDraft(whole);
    keepDraft(roomId, me, whole);
  };
  const completion = useCompletion(field, text, others, (next) => change({ text: next }));
  useEffect(() => {
    begin.current = (next) => {
      if (next.to !== undefined) session.passing.write(false);
      if (next.editing !== undefined) change(editing === undefined ? { ...next, aside: text } : next);
      else change(editing === undefined ? next : { ...next, text: aside, aside: '' });
      field.current?.focus();
    };
    return () => {
      begin.current = null;
    };
  });
  // As it is now: what was removed stays nowhere.
  const replyTo: Quote | undefined = source ? { seq: source.seq, author: source.author, text: source.text, ...(source.deletedAt === undefined ? {} : { deletedAt: source.deletedAt }) } : draft.replyTo && draft.replyTo.seq > cleared ? draft.replyTo : undefined;
  const length = [...text].length;
  const words = text.trim();
  const about = editing !== undefined || replyTo !== undefined || to !== undefined || announcement;
  const waiting = editing === undefined ? wait : 0;
  const stop = (): void => change(editing === undefined ? { replyTo: undefined, to: undefined, announcement: false } : { editing: undefined, text: aside, aside: '' });
  const insert = (emoji: string): void => {
    const at = field.current?.selectionStart ?? text.length;
    change({ text: text.slice(0, at) + emoji + text.slice(field.current?.selectionEnd ?? at) });
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(at + emoji.length, at + emoji.length);
    });
  };
  const send = (): void => {
    if (words === '' || length > longestMessage || waiting > 0) return;
    if (editing !== undefined) {
      session.passing.write(false);
      void session.ask('chat.edit', { seq: editing, text: words }).then((done) => {
        if (done) return;
        if (begin.current) begin.current({ text: words, editing });
        else keepDraft(roomId, me, { ...draftOf(roomId, me), text: words, editing, aside: draftOf(roomId, me).text });
      });
      change({ text: aside, aside: '', editing: undefined });
      return;
    }
    session.passing.sent();
    session.outbox.say(words, { ...(replyTo ? { replyTo } : {}), ...(to ? { to } : {}), ...(announcement ? { announcement: true as const } : {}) });
    // A whisper goes on with the same person until it is stopped: the next line is not for all by chance.
    change({ text: '', replyTo: undefined, announcement: false });
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
      {completion.people.length > 0 && <Completion id={completion.id} people={completion.people} chosen={completion.chosen} choose={completion.choose} />}
      {about && (
        <div className={classes.about} data-whisper={(to !== undefined && editing === undefined) || undefined} data-testid="chat-about">
          {editing !== undefined ? <IconPencil size={16} aria-hidden /> : to ? <IconEar size={16} aria-hidden /> : announcement ? <IconSpeakerphone size={16} aria-hidden /> : <IconArrowBackUp size={16} aria-hidden />}
          <span dir="auto">
            {editing !== undefined
              ? t('chat.editing')
              : [to && t('chat.whispering', { name: to.displayName }), announcement && t('chat.announcing'), replyTo && t('chat.replyingTo', { name: replyTo.author.displayName, text: quoteText(replyTo, t('chat.removed')) })].filter(Boolean).join(' · ')}
          </span>
          <ActionIcon size={32} aria-label={t('app.cancel')} onClick={stop} data-testid="chat-about-cancel">
            <IconX size={16} />
          </ActionIcon>
        </div>
      )}
      <ComposerMenu
        others={others}
        whisper={(person) => {
          session.passing.write(false);
          change({ to: person, replyTo: undefined, announcement: false });
          requestAnimationFrame(() => field.current?.focus());
        }}
        announce={() => {
          change({ to: undefined, announcement: true });
          requestAnimationFrame(() => field.current?.focus());
        }}
      />
      <Textarea
        ref={field}
        value={text}
        onChange={(event) => {
          change({ text: event.currentTarget.value });
          session.passing.write(aloud && event.currentTarget.value.trim() !== '');
          completion.moved();
        }}
        onSelect={completion.moved}
        onKeyDown={(event) => {
          // Enter and Escape that end a composition belong to the input method.
          if (event.nativeEvent.isComposing || completion.pressed(event)) return;
          if (event.key === 'Enter' && !event.shiftKey) {
            event.preventDefault();
            send();
          } else if (event.key === 'Escape' && about) {
            event.stopPropagation();
            stop();
          } else if (event.key === 'ArrowUp' && text === '' && editing === undefined && mine) {
            event.preventDefault();
            change({ text: mine.text, editing: mine.seq });
          }
        }}
        placeholder={t('chat.placeholder')}
        aria-label={t('chat.placeholder')}
        aria-autocomplete="list"
        aria-controls={completion.people.length > 0 ? completion.id : undefined}
        aria-activedescendant={completion.people.length > 0 ? `${completion.id}-${completion.chosen}` : undefined}
        autosize
        minRows={1}
        maxRows={6}
        autoFocus={autoFocus}
        flex={1}
        miw={0}
        radius="lg"
        error={length > longestMessage ? t('chat.tooLong', { count: length - longestMessage }) : undefined}
        description={length > longestMessage * 0.9 && length <= longestMessage ? t('chat.left', { count: longestMessage - length }) : waiting > 0 ? t('chat.slow.wait', { count: waiting }) : undefined}
        inputWrapperOrder={['description', 'input', 'error']}
        descriptionProps={{ mb: 4, style: { whiteSpace: 'nowrap' } }}
        data-testid="chat-input"
        dir="auto"
        enterKeyHint="send"
      />
      <EmojiButton choose={insert} />
      <ActionIcon type="submit" variant="filled" color="turtle" size={42} disabled={words === '' || length > longestMessage || waiting > 0} aria-label={t(editing === undefined ? 'chat.send' : 'app.save')} data-testid="chat-send" onPointerDown={(event) => event.preventDefault()}>
        {waiting > 0 ? <span className="tnum">{waiting}</span> : <IconSend2 size={19} stroke={1.8} />}
      </ActionIcon>
    </form>
  );
}
