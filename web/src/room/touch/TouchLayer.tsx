import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { useDriving, useRoom, useRoomSession } from '../context';
import { driveBy, useDriveBy } from '../preferences';
import { Fingers } from '../stream/Fingers';
import type { Place } from '../stream/Gestures';
import { fromScreen, type Rect } from '../stream/letterbox';
import type { Modifiers } from '../stream/Modifiers';
import type { Zoom } from '../stream/Zoom';
import classes from './Touch.module.css';

interface Props {
  frame: RefObject<HTMLDivElement | null>;
  video: RefObject<HTMLVideoElement | null>;
  content: () => Rect;
  zoom: Zoom;
  modifiers: Modifiers;
  live: boolean;
  touched: () => void;
  tapped: () => void;
  focus: () => void;
}

/** What fingers do on the stage, and what they see of it: the trackpad's pointer, a long press, and the way back to the whole picture. */
export default function TouchLayer({ frame, video, content, zoom, modifiers, live, touched, tapped, focus }: Props) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const driving = useDriving();
  const by = useDriveBy();
  const { cursor, screen } = useRoom((room) => ({ cursor: room.cursor, screen: room.screen }));
  const scale = useStore(zoom.store, (zoomed) => zoomed.scale);
  const [held, setHeld] = useState<Place | null>(null);
  const pointer = useRef<HTMLDivElement>(null);
  const fingers = useRef<Fingers | null>(null);
  const drawn = driving && live && by === 'trackpad';
  const shape = cursor !== null && cursor.png !== '' && cursor.width > 0 ? cursor : null;

  const place = (): void => {
    const element = pointer.current;
    const box = frame.current?.getBoundingClientRect();
    if (!element || !box || !fingers.current) return;
    const shown = content();
    const at = fromScreen(shown, fingers.current.at);
    // Never so small that it is lost under a thumb.
    const size = Math.min(2, Math.max(0.9, shown.width / (screen?.width ?? 1280)));
    element.style.transform = `translate(${at.left - box.left}px, ${at.top - box.top}px) scale(${size})`;
  };

  // The latest of what the listeners need, without attaching them anew.
  const latest = useRef({ content, screen, touched, tapped, focus, place });
  useLayoutEffect(() => {
    latest.current = { content, screen, touched, tapped, focus, place };
    place();
  });

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const made = new Fingers({
      sender: session.input,
      modifiers,
      zoom,
      mode: () => driveBy.getState().by,
      content: () => latest.current.content(),
      screen: () => latest.current.screen ?? { width: 1280, height: 720 },
      touched: () => latest.current.touched(),
      tapped: () => latest.current.tapped(),
      focus: () => latest.current.focus(),
      pointed: () => latest.current.place(),
      held: setHeld,
    });
    fingers.current = made;
    const detach = made.attach(element);
    return () => {
      fingers.current = null;
      detach();
    };
  }, [session, modifiers, zoom, frame]);

  useEffect(() => fingers.current?.forget(), [driving]);

  useEffect(() => {
    const picture = video.current;
    const stage = frame.current;
    if (!picture || !stage) return;
    const show = (): void => {
      const { scale, x, y } = zoom.store.getState();
      picture.style.transformOrigin = '0 0';
      picture.style.transform = scale === 1 ? '' : `translate(${x}px, ${y}px) scale(${scale})`;
      latest.current.place();
    };
    const unsubscribe = zoom.store.subscribe(show);
    const observer = new ResizeObserver(() => {
      zoom.resized();
      latest.current.place();
    });
    observer.observe(stage);
    return () => {
      unsubscribe();
      observer.disconnect();
      zoom.reset();
      picture.style.transform = '';
    };
  }, [zoom, video, frame]);

  return (
    <>
      {drawn && (
        <div ref={pointer} className={classes.pointer} data-testid="touch-pointer" aria-hidden>
          {shape ? (
            <img src={`data:image/png;base64,${shape.png}`} width={shape.width} height={shape.height} style={{ left: -shape.hotX, top: -shape.hotY }} alt="" />
          ) : (
            <svg width="20" height="22" viewBox="0 0 20 22">
              <path d="M1 1v17l4.500-4.200 3 6.700 2.800-1.200-3-6.600H14z" fill="#fff" stroke="#101614" strokeWidth="1.400" strokeLinejoin="round" />
            </svg>
          )}
        </div>
      )}
      {held && <div className={classes.ring} style={{ left: held.x, top: held.y }} data-testid="touch-held" aria-hidden />}
      {live && scale > 1 && (
        <button type="button" className={classes.whole} onClick={() => zoom.reset()} aria-label={t('touch.whole', { scale: scale.toFixed(1) })} data-testid="zoom-reset">
          <span aria-hidden>1×</span>
        </button>
      )}
    </>
  );
}
