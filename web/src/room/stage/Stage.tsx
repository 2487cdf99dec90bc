import { lazy, Suspense, useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, Loader } from '@mantine/core';
import { IconVolume } from '@tabler/icons-react';
import { useDuckedVolume } from '../call/hooks';
import { useDriving, useRoom, useRoomSession } from '../context';
import { useDriveBy, useQuality, useSound } from '../preferences';
import { holds, viewersOf } from '../state/roomState';
import { Keyboard } from '../stream/Keyboard';
import { contentRect, type Rect } from '../stream/letterbox';
import type { Modifiers } from '../stream/Modifiers';
import { Pointer } from '../stream/Pointer';
import { Zoom } from '../stream/Zoom';
import { Copied } from './Copied';
import { Hint } from './Hint';
import { NetworkMark } from './NetworkMark';
import { RemotePointer } from './RemotePointer';
import { SoundOnly } from './SoundOnly';
import { StageState } from './StageState';
import { unpasted } from './unpasted';
import { useCursor } from './useCursor';
import { useDiagnosis, type Finding } from './useDiagnosis';
import { useFingers } from './useFingers';
import { useKeyboardBack } from './useKeyboardBack';
import { ControlRequest } from '../control/ControlRequest';
import { DoorRequests } from '../door/DoorRequests';
import { LinkCard } from '../links/LinkCard';
import { useMayTake } from '../control/elsewhere';
import classes from './Stage.module.css';

const PointerLayer = lazy(() => import('../pointers/PointerLayer'));
const TouchLayer = lazy(() => import('../touch/TouchLayer'));

export interface StageHandle {
  video: RefObject<HTMLVideoElement | null>;
  field: RefObject<HTMLTextAreaElement | null>;
  modifiers: Modifiers;
}

interface Props {
  handle: StageHandle;
  /** The phone's own keyboard is wanted. */
  touchTyping: boolean;
  onTouchTyping: (on: boolean) => void;
  touch: boolean;
  /** Something else is in its place: it is not heard. */
  covered: boolean;
  onEscape: () => void;
}

/** The picture, and what a hand and a keyboard do on it. */
export function Stage({ handle, touchTyping, onTouchTyping, touch, covered, onEscape }: Props) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const { media, sound, hidden, stream, browser, screen, watched, paused, online, company } = useRoom((room) => ({
    media: room.media,
    sound: room.sound,
    hidden: room.hidden,
    stream: room.stream,
    browser: room.browser.state,
    screen: room.screen,
    watched: room.control.holder !== undefined && !holds(room),
    paused: room.paused,
    online: room.status.kind === 'online',
    company: viewersOf(room).some(({ id, connected }) => connected && id !== room.self?.peer),
  }));
  const quality = useQuality();
  const mayTake = useMayTake();
  const driving = useDriving();
  const frame = useRef<HTMLDivElement>(null);
  const { video, field, modifiers } = handle;
  const fingers = useFingers(frame);
  const by = useDriveBy();
  const [hasPicture, setHasPicture] = useState(false);
  const [silenced, setSilenced] = useState(false);
  const { volume, muted } = useSound();
  const { width, height } = screen ?? { width: 1280, height: 720 };

  const content = useCallback((): Rect => {
    const element = video.current;
    const box = element?.getBoundingClientRect() ?? { left: 0, top: 0, width: 0, height: 0 };
    const picture = element && element.videoWidth > 0 ? { width: element.videoWidth, height: element.videoHeight } : { width, height };
    return contentRect({ left: box.left, top: box.top, width: box.width, height: box.height }, picture);
  }, [video, width, height]);

  const [zoom] = useState(
    () =>
      new Zoom(() => {
        const [stage, picture] = [frame.current, video.current];
        return { stage: { width: stage?.clientWidth ?? 0, height: stage?.clientHeight ?? 0 }, picture: { width: picture?.videoWidth ?? 0, height: picture?.videoHeight ?? 0 } };
      }),
  );

  const mute = useRef(muted || covered);
  useLayoutEffect(() => {
    mute.current = muted || covered;
  });

  // A browser may want a click before it lets a page be heard: then the picture starts without sound and says so. It is asked for what is
  // wanted, for whatever was muted before it always plays.
  const play = useCallback(async () => {
    const element = video.current;
    if (!element?.srcObject) return;
    element.muted = mute.current;
    try {
      await element.play();
      setSilenced(false);
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
      element.muted = true;
      setSilenced(true);
      await element.play().catch(() => undefined);
    }
  }, [video]);

  // Chromium plays nothing of a stream with a picture until its first frame: where none will come, it plays the sound alone.
  const played = quality === 'sound' || (hidden && !hasPicture) ? sound : media;
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    if (element.srcObject !== played) {
      element.srcObject = played;
      setHasPicture(false);
    }
    if (!played) return;
    void play();
    const added = (): void => void play();
    played.addEventListener('addtrack', added);
    return () => played.removeEventListener('addtrack', added);
  }, [played, play, video]);

  useEffect(() => {
    const element = video.current;
    if (element && !silenced) element.muted = muted || covered;
  }, [muted, covered, silenced, video]);
  useDuckedVolume(video, volume);

  const unsilence = useCallback(() => {
    const element = video.current;
    if (!element) return;
    element.muted = muted || covered;
    setSilenced(false);
    void element.play().catch(() => undefined);
  }, [muted, covered, video]);

  const live = stream !== 'idle' && hasPicture && quality !== 'sound';
  const soundOnly = quality === 'sound' && (stream === 'live' || stream === 'interrupted');
  const clickable = live && mayTake;
  const finding = useDiagnosis(browser === 'ready' && online && !paused && !hidden && !soundOnly && (!live || stream !== 'live'));

  const focus = useCallback(() => field.current?.focus({ preventScroll: true }), [field]);
  const touched = (): void => {
    if (silenced) unsilence();
  };
  const clicked = (): void => {
    if (!clickable) return;
    focus();
    void session.ask('control.take', {});
  };

  // The latest of what the listeners need, without attaching them anew.
  const latest = useRef({ content, clicked, touched, onEscape });
  useLayoutEffect(() => {
    latest.current = { content, clicked, touched, onEscape };
  });

  useEffect(() => {
    const element = frame.current;
    const input = field.current;
    if (!element || !input) return;
    const pointer = new Pointer({
      sender: session.input,
      content: () => latest.current.content(),
      clicked: () => {
        latest.current.touched();
        latest.current.clicked();
      },
      focus: () => {
        latest.current.touched();
        focus();
      },
    });
    const keyboard = new Keyboard({ sender: session.input, unpasted: (why) => session.refuse(unpasted[why]), escape: () => latest.current.onEscape(), modifiers });
    keyboardRef.current = keyboard;
    pointerRef.current = pointer;
    const detach = [pointer.attach(element), keyboard.attach(input)];
    return () => {
      for (const end of detach) end();
      keyboardRef.current = pointerRef.current = null;
    };
  }, [session, field, focus, modifiers]);
  const keyboardRef = useRef<Keyboard | null>(null);
  const pointerRef = useRef<Pointer | null>(null);

  useEffect(() => {
    if (!driving) {
      keyboardRef.current?.forget();
      pointerRef.current?.forget();
      modifiers.forget();
      onTouchTyping(false);
      return;
    }
    // Whoever writes in the chat goes on writing; else the keyboard goes where control went.
    const active = document.activeElement;
    if (!(active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement)) focus();
  }, [driving, focus, modifiers, onTouchTyping]);
  useKeyboardBack(driving, field);

  // A phone opens its keyboard for a field that gets the focus, and not for one that has it.
  const refocusing = useRef(false);
  useLayoutEffect(() => {
    if (!field.current) return;
    keyboardRef.current?.setTouchTyping(touchTyping, field.current);
    const had = document.activeElement === field.current;
    refocusing.current = true;
    field.current.blur();
    refocusing.current = false;
    if (touchTyping || had) focus();
  }, [touchTyping, field, focus]);

  const cursor = useCursor(driving && live, content, frame, zoom);
  // The smaller picture's sides are rounded, so the screen's count, once they are known.
  const ratio = screen === null && live && video.current && video.current.videoWidth > 0 ? video.current.videoWidth / video.current.videoHeight : width / height;

  return (
    <div
      ref={frame}
      className={classes.frame}
      style={{ '--ratio': ratio, cursor: cursor ?? (clickable ? 'pointer' : undefined) } as React.CSSProperties}
      data-testid="stage"
      data-live={live || undefined}
      data-driving={driving || undefined}
      data-stream={stream}
      role="group"
      aria-label={t('stage.label')}
    >
      <video
        ref={video}
        className={classes.video}
        data-testid="stage-video"
        data-hidden={!live || undefined}
        autoPlay
        playsInline
        disableRemotePlayback
        onLoadedData={() => setHasPicture((video.current?.videoWidth ?? 0) > 0)}
        onResize={() => setHasPicture((video.current?.videoWidth ?? 0) > 0)}
      />
      <textarea
        ref={field}
        className={classes.field}
        aria-label={t('stage.field')}
        tabIndex={driving ? 0 : -1}
        inputMode={touchTyping ? 'text' : 'none'}
        autoCapitalize="off"
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
        onBlur={() => touchTyping && !refocusing.current && onTouchTyping(false)}
        data-testid="stage-keyboard"
      />
      {live && watched && <RemotePointer content={content} frame={frame} zoom={zoom} />}
      {live && company && (
        <Suspense>
          <PointerLayer content={content} frame={frame} />
        </Suspense>
      )}
      {fingers && (
        <Suspense>
          <TouchLayer frame={frame} video={video} content={content} zoom={zoom} modifiers={modifiers} live={live} touched={touched} tapped={clicked} focus={focus} />
        </Suspense>
      )}
      {live && driving && <Hint what={touch ? by : 'keyboard'} />}
      {soundOnly && <SoundOnly />}
      {!live && !soundOnly && <StageState connecting={(browser === 'ready' || browser === 'degraded') && !paused} finding={finding} />}
      {(live || soundOnly) && <StageBanners finding={finding} />}
      <div className={classes.corner}>
        {live && <NetworkMark />}
        <Copied onDone={focus} />
      </div>
      {(live || soundOnly) && silenced && (
        <Button className={classes.sound} size="md" leftSection={<IconVolume size={20} />} onClick={unsilence} data-testid="unmute-overlay">
          {t('stage.sound')}
        </Button>
      )}
      <ControlRequest />
      <DoorRequests />
      <LinkCard />
    </div>
  );
}

/** Soft words over a picture that stays. */
function StageBanners({ finding }: { finding: Finding | null }) {
  const { t } = useTranslation();
  const { status, stream, browser } = useRoom((room) => ({ status: room.status.kind, stream: room.stream, browser: room.browser }));
  const text = status === 'reconnecting' ? t('room.reconnecting') : stream !== 'live' ? (finding ? t(`noPicture.${finding.diagnosis}`, { port: finding.port }) : t('stage.interrupted')) : browser.state === 'degraded' ? (browser.detail ?? t('stage.degraded')) : browser.state === 'stopping' ? t('stage.stopping') : null;
  if (text === null) return null;
  return (
    <div className={classes.banner} role="status" data-testid="stage-banner">
      <Loader size={14} color="white" />
      <span>{text}</span>
    </div>
  );
}
