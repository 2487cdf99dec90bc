import { Button } from '@mantine/core';
import { IconEar } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { CallPerson } from '@/call/Call';
import { bubbles } from '@/call/preferences';
import { useRoom } from '../context';
import { FriendBubble, OwnBubble } from './Bubble';
import { useCall, useCallSession } from './hooks';
import { useFloating } from './useFloating';
import classes from './Call.module.css';

interface Props {
  /** Over the picture, where it can be moved; else it has a place of its own. */
  floating?: boolean;
  phone?: boolean;
}

const most = 12;

/** Everybody in the room as a round bubble, while somebody talks or shows themselves. */
export function CallStrip({ floating = false, phone = false }: Props) {
  const { t } = useTranslation();
  const { people, active, blocked } = useCall((call) => ({ people: call.people, active: call.active, blocked: call.blocked }));
  const self = useRoom((room) => room.peers.find(({ id }) => id === room.self?.peer) ?? null);
  const { shown } = useStore(bubbles);
  const strip = useRef<HTMLUListElement>(null);
  const move = useFloating(strip, floating);
  const friends = visible(people.filter(({ peer }) => peer.person?.id !== self?.person?.id));
  const count = friends.length + 1;
  const size = phone ? (count > 5 || floating ? 52 : 64) : count <= 3 && !floating ? 84 : 64;
  const call = useCallSession();
  const hidden = useRoom((room) => room.hidden);
  const seen = active && shown && !hidden;
  useEffect(() => {
    call.setShown(seen ? Math.round(size * window.devicePixelRatio) : 0);
    return () => call.setShown(0);
  }, [call, seen, size]);
  return (
    <>
      {active && shown && self && (
        <ul ref={strip} className={classes.strip} data-floating={floating || undefined} data-phone={(phone && !floating) || undefined} data-mantine-color-scheme={floating ? 'dark' : undefined} aria-label={t('call.label')} data-testid="call-strip" {...move}>
          <OwnBubble peer={self} size={size} />
          {friends.map((person) => (
            <FriendBubble key={person.peer.id} person={person} size={size} />
          ))}
          {people.length > friends.length && count > most && <li className={classes.rest}>{t('call.more', { count: people.length - friends.length })}</li>}
        </ul>
      )}
      {blocked && <Unblock floating={floating} />}
    </>
  );
}

/** Those with something on before the others where not all have place, in the order of their coming. */
function visible(people: readonly CallPerson[]): readonly CallPerson[] {
  if (people.length < most) return people;
  const first = new Set([...people].sort((a, b) => on(b) - on(a)).slice(0, most - 1));
  return people.filter((person) => first.has(person));
}

const on = ({ peer }: CallPerson): number => Number(peer.media.microphone || peer.media.camera);

function Unblock({ floating }: { floating: boolean }) {
  const { t } = useTranslation();
  const call = useCallSession();
  // Whatever is clicked: the browser wants no more than that.
  useEffect(() => {
    const clicked = (): void => call.unblock();
    const kinds = ['pointerup', 'keydown'] as const;
    for (const kind of kinds) window.addEventListener(kind, clicked, true);
    return () => {
      for (const kind of kinds) window.removeEventListener(kind, clicked, true);
    };
  }, [call]);
  return (
    <Button className={floating ? classes.unblockFloating : classes.unblock} leftSection={<IconEar size={18} />} onClick={() => call.unblock()} data-testid="hear-friends">
      {t('call.unblock')}
    </Button>
  );
}
