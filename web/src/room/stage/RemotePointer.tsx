import { useEffect, useRef, type RefObject } from 'react';
import { useRoom, useRoomSession } from '../context';
import { peerById } from '../state/roomState';
import { fromScreen, type Rect, type ScreenPoint } from '../stream/letterbox';
import type { Zoom } from '../stream/Zoom';
import classes from './Stage.module.css';

/** Where the controller's pointer is, for those who watch. Moved without React, at the speed it comes. */
export function RemotePointer({ content, frame, zoom }: { content: () => Rect; frame: RefObject<HTMLDivElement | null>; zoom: Zoom }) {
  const session = useRoomSession();
  const person = useRoom((room) => peerById(room, room.control.holder)?.person ?? null);
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let last: ScreenPoint | null = null;
    const place = (): void => {
      const box = frame.current?.getBoundingClientRect();
      if (!element.current || !box || !last) return;
      const at = fromScreen(content(), last);
      element.current.style.transform = `translate(${at.left - box.left}px, ${at.top - box.top}px)`;
      element.current.style.opacity = '1';
    };
    const forget = session.onPointer((position) => {
      last = position;
      place();
    });
    const unsubscribe = zoom.store.subscribe(place);
    return () => {
      forget();
      unsubscribe();
    };
  }, [session, content, frame, zoom]);
  return (
    <div ref={element} className={classes.remote} style={{ '--who': `var(--mantine-color-${person?.avatarColor ?? 'teal'}-6)` } as React.CSSProperties} data-testid="remote-pointer" aria-hidden>
      <svg width="20" height="22" viewBox="0 0 20 22">
        <path d="M2 1.5 17.5 12l-7 1.300L6.7 20z" fill="var(--who)" stroke="#fff" strokeWidth="1.6" strokeLinejoin="round" />
      </svg>
      {person && <span>{person.displayName}</span>}
    </div>
  );
}
