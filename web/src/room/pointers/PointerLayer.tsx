import { useMantineTheme, parseThemeColor, type MantineTheme } from '@mantine/core';
import { useEffect, useRef, useState, type RefObject } from 'react';
import { useStore } from 'zustand';
import type { Peer } from '@/api/types';
import { avatarShade } from '@/ui/PersonAvatar';
import { useDriving, useMay, useRoom, useRoomSession } from '../context';
import { peerById } from '../state/roomState';
import { fromScreen, inside, toScreen, type Rect, type ScreenPoint } from '../stream/letterbox';
import { Finger } from './Finger';
import { Glide } from './Glide';
import classes from './Pointers.module.css';
import { pointerChoice, pointing } from './preferences';
import { PointerSender } from './PointerSender';

interface Props {
  /** Where the picture is in the page, now: letterboxed, zoomed, whatever. */
  content: () => Rect;
  frame: RefObject<HTMLDivElement | null>;
}

/** Where people point who do not drive: the others' pointers over the picture, and this person's told to them. */
export default function PointerLayer({ content, frame }: Props) {
  const { others, mine } = useStore(pointerChoice);
  const hidden = useRoom((room) => room.hidden);
  const driving = useDriving();
  const mayReact = useMay('react');
  return (
    <>
      {others && !hidden && <Others content={content} frame={frame} />}
      {mine && !hidden && !driving && mayReact && <Mine content={content} frame={frame} />}
    </>
  );
}

/** Drawn without React once a pointer is there. Screen readers hear nothing of it. */
function Others({ content, frame }: Props) {
  const session = useRoomSession();
  const peers = useRoom((room) => room.peers);
  const theme = useMantineTheme();
  const [shown, setShown] = useState<readonly string[]>([]);
  const elements = useRef(new Map<string, HTMLElement>()).current;
  useEffect(() => {
    const glide = new Glide();
    const still = window.matchMedia('(prefers-reduced-motion: reduce)');
    let next: number | null = null;
    const own = (peer: string): boolean => {
      const room = session.store.getState();
      const me = peerById(room, room.self?.peer)?.person?.id;
      return peer === room.self?.peer || (me !== undefined && peerById(room, peer)?.person?.id === me);
    };
    const draw = (): void => {
      next = null;
      const now = performance.now();
      if (glide.expire(now)) setShown(glide.peers);
      const box = frame.current?.getBoundingClientRect();
      const picture = content();
      for (const [peer, element] of elements) {
        const at = glide.at(peer, now);
        if (!at || !box) continue;
        const { left, top } = fromScreen(picture, at);
        const x = left - box.left;
        const y = top - box.top;
        element.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
        element.toggleAttribute('data-placed', true);
        element.toggleAttribute('data-rests', at.rests);
        element.toggleAttribute('data-right', x > box.width - 130);
        element.toggleAttribute('data-low', y > box.height - 44);
      }
      // What rests is followed too: the picture may be moved or zoomed under it.
      if (glide.peers.length > 0) next = requestAnimationFrame(draw);
    };
    const change = (changed: boolean): void => {
      if (changed) setShown(glide.peers);
      next ??= requestAnimationFrame(draw);
    };
    const want = (): void => void session.hub.send('pointers.want', { want: true });
    want();
    const stop = [
      session.hub.on('identity', want),
      session.hub.on('message', (message) => {
        if (message.type === 'pointers.moved') change(glide.take(message.payload, own, performance.now(), still.matches));
        else if (message.type === 'peer.left') change(glide.drop(message.payload.peer));
      }),
    ];
    return () => {
      for (const end of stop) end();
      if (next !== null) cancelAnimationFrame(next);
      session.hub.send('pointers.want', { want: false });
    };
  }, [session, content, frame, elements]);
  return (
    <div className={classes.layer} aria-hidden data-testid="pointers">
      {shown.map((peer) => (
        <div
          key={peer}
          ref={(element) => {
            if (element) elements.set(peer, element);
            return () => void elements.delete(peer);
          }}
          className={classes.pointer}
          style={colours(peers.find(({ id }) => id === peer), theme)}
          data-testid="pointer"
          data-peer={peer}
        >
          <svg width="18" height="20" viewBox="0 0 20 22">
            <path d="M2 1.5 17.5 12l-7 1.300L6.7 20z" fill="var(--who)" stroke="#fff" strokeWidth="1.7" strokeLinejoin="round" />
          </svg>
          <span className={classes.name} dir="auto">
            {peers.find(({ id }) => id === peer)?.person?.displayName}
          </span>
        </div>
      ))}
    </div>
  );
}

/** Those of the avatar. */
function colours(peer: Peer | undefined, theme: MantineTheme): React.CSSProperties {
  const shade = avatarShade(peer?.person?.avatarColor ?? 'teal');
  return { '--who': `var(--mantine-color-${shade.replace('.', '-')})`, '--on-who': parseThemeColor({ color: shade, theme }).isLight ? '#0d1512' : '#fff' } as React.CSSProperties;
}

/** Tells where this person's mouse is over the picture, and a finger that is there to point. */
function Mine({ content, frame }: Props) {
  const session = useRoomSession();
  const finger = useStore(pointing, ({ on }) => on);
  const sender = useRef<PointerSender | null>(null);
  // A finger points for as long as there is somebody to see it: it ends with the room, the company, the switch and the permission.
  useEffect(() => () => pointing.setState({ on: false }), []);
  useEffect(() => {
    const stage = frame.current;
    if (!stage) return;
    const made = new PointerSender(
      (at) => session.hub.send('pointer.move', at ? { at } : {}),
      () => session.hub.costly,
    );
    sender.current = made;
    const abort = new AbortController();
    const { signal } = abort;
    stage.addEventListener('pointermove', (event) => event.pointerType !== 'touch' && made.move(place(content(), event)), { signal });
    stage.addEventListener('pointerleave', (event) => event.pointerType !== 'touch' && made.move(null), { signal });
    const forget = session.hub.on('identity', () => made.forget());
    return () => {
      abort.abort();
      forget();
      made.dispose();
      sender.current = null;
    };
  }, [session, content, frame]);
  return finger && <Finger onPoint={(at) => sender.current?.move(at && place(content(), at))} />;
}

const place = (content: Rect, { clientX, clientY }: { clientX: number; clientY: number }): ScreenPoint | null => (inside(content, clientX, clientY) ? toScreen(content, clientX, clientY) : null);
