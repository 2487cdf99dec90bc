import { ActionIcon, Anchor, Badge, Button, Group, Tabs, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconKey, IconMessageCircle, IconSettings, IconUserPlus, IconUsers } from '@tabler/icons-react';
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { HubError } from '@/api/hub/HubConnection';
import { PrivacyIcon } from '@/lobby/privacy';
import { ProfileMenu, ThemeToggle } from '@/ui/Page';
import { TurtleMark } from '@/ui/TurtleMark';
import { useErrorText } from '@/ui/useErrorText';
import { fetchRestWhenIdle, later } from '@/ui/later';
import { Tooltip } from '@/ui/Tooltip';
import { Announcer } from './Announcer';
import { CallStrip } from './call/CallStrip';
import { ChatOverlay } from './chat/ChatOverlay';
import { ChatPanel } from './chat/ChatPanel';
import { useHandToasts } from './hands/useHandToasts';
import { useChimes } from './chat/alerts';
import { useUnread } from './chat/useUnread';
import { useDriving, useMay, useRoom, useRoomSession } from './context';
import { useCall } from './call/hooks';
import { useShareView } from './share/view';
import { Countdown } from './stage/Countdown';
import { FloatingReactions } from './stage/FloatingReactions';
import { Stage } from './stage/Stage';
import { Toolbar } from './stage/Toolbar';
import { viewersOf } from './state/roomState';
import { Modifiers } from './stream/Modifiers';
import { useStanding } from './useStanding';
import { useVisible } from './useVisible';
import { useCalm, useView } from './view';
import classes from './Room.module.css';

const InviteDialog = later(() => import('./invite/InviteDialog').then((m) => ({ default: m.InviteDialog })));
const KeyRow = lazy(() => import('./touch/KeyRow'));
const PeoplePanel = later(() => import('./people/PeoplePanel').then((m) => ({ default: m.PeoplePanel })));
const SharedScreen = later(() => import('./share/SharedScreen'));
const SettingsPanel = later(() => import('./settings/SettingsPanel').then((m) => ({ default: m.SettingsPanel })));

type Tab = 'people' | 'chat' | 'settings';

/** Within this distance of the lower edge the toolbar comes while somebody drives in fullscreen. */
const edge = 10;

export function RoomScreen() {
  const { t } = useTranslation();
  const view = useView();
  const [tab, setTab] = useState<Tab>('chat');
  const [chatOpen, setChatOpen] = useState(false);
  const [inviting, setInviting] = useState(false);
  const [touchTyping, setTouchTyping] = useState(false);
  const video = useRef<HTMLVideoElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const { input } = useRoomSession();
  const [handle] = useState(() => ({ video, field, modifiers: new Modifiers(input) }));
  const room = useRef<HTMLDivElement>(null);
  const short = useVisible(room, view.touch);
  // The phone put its keyboard away by itself.
  useEffect(() => {
    if (!short) setTouchTyping(false);
  }, [short]);
  const { calm, stir } = useCalm(view.immersive);
  const chatShown = view.immersive ? chatOpen : tab === 'chat';
  const { unread, mentioned, mark, seen } = useUnread(chatShown);
  useChimes();
  const release = useRef<HTMLDivElement>(null);
  const { title, slug, browser, asking } = useRoom((room) => ({ asking: room.door.length, browser: room.browser.state, title: room.room?.title ?? '', slug: room.room?.slug }));
  const driving = useDriving();
  const share = useCall((call) => call.share);
  const shareView = useShareView();
  useRefusals();
  useStanding();
  useHandToasts();
  // A first press finds its script here, also when the network has gone since; but the picture comes first.
  const awaited = useRoom((room) => room.stream === 'connecting');
  useEffect(() => (awaited ? undefined : fetchRestWhenIdle()), [awaited]);

  useEffect(() => {
    document.title = `${mentioned > 0 ? `(@${unread}) ` : unread > 0 ? `(${unread}) ` : ''}${title} · ${t('app.name')}`;
    return () => {
      document.title = t('app.name');
    };
  }, [title, unread, mentioned, t]);

  // The room may get a new address while one is in it.
  useEffect(() => {
    if (slug !== undefined && location.pathname.startsWith('/r/') && location.pathname !== `/r/${slug}`) history.replaceState(history.state, '', `/r/${slug}`);
  }, [slug]);

  useEffect(() => {
    if (!view.immersive) setChatOpen(false);
  }, [view.immersive]);

  // T opens the chat over the picture, unless the key goes to the room's browser or into a field.
  useEffect(() => {
    if (!view.immersive) return;
    const pressed = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key === 'Escape' && chatOpen) setChatOpen(false);
      if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key.toLowerCase() !== 't') return;
      event.preventDefault();
      setChatOpen(true);
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [view.immersive, chatOpen]);

  const moved = useCallback(
    (event: React.PointerEvent) => {
      const onPicture = event.target instanceof Element && event.target.closest('[data-testid="stage"]') !== null;
      // While driving, the picture belongs to the hand on it; the toolbar waits at the lower edge.
      if (!driving || !onPicture || event.clientY >= window.innerHeight - edge) stir();
    },
    [driving, stir],
  );
  const escape = useCallback(() => {
    stir();
    release.current?.querySelector<HTMLElement>('button')?.focus();
  }, [stir]);

  return (
    <div ref={room} className={classes.room} data-immersive={view.immersive || undefined} data-phone={view.phone || undefined} data-touch={view.touch || undefined} data-short={short || undefined} data-typing={touchTyping || undefined} data-calm={calm || undefined} onPointerMove={moved} onPointerDown={moved} data-testid="room" data-browser={browser}>
      {!view.immersive && <Header onInvite={() => setInviting(true)} phone={view.phone} />}
      <div className={classes.body}>
        <main className={classes.main}>
          <div className={classes.stage} data-share={shareView ?? undefined}>
            <Stage handle={handle} touchTyping={touchTyping} onTouchTyping={setTouchTyping} touch={view.touch} covered={shareView === 'screen'} onEscape={escape} />
            <Countdown />
            {share && shareView && (
              <Suspense>
                <SharedScreen share={share} view={shareView} />
              </Suspense>
            )}
            <FloatingReactions />
          </div>
          {view.immersive && view.touch && calm && <button type="button" className={classes.handle} aria-label={t('toolbar.label')} onClick={stir} />}
          <div className={classes.bar} ref={release} onFocus={stir}>
            <Toolbar view={view} video={video} touchTyping={touchTyping} onTouchTyping={setTouchTyping} unread={unread} onChat={() => setChatOpen((open) => !open)} />
          </div>
          {view.immersive && <CallStrip floating phone={view.touch} />}
          {view.immersive && !chatOpen && <ChatOverlay />}
          {view.immersive && chatOpen && (
            <aside className={classes.drawer} aria-label={t('chat.label')}>
              <ChatPanel onSeen={seen} mark={mark} autoFocus />
            </aside>
          )}
        </main>
        {!view.immersive && (
          <aside className={classes.panel} aria-label={t('room.tabs.label')}>
            <CallStrip phone={view.phone} />
            <Tabs value={tab} onChange={(next) => setTab((next ?? 'chat') as Tab)} classNames={{ root: classes.tabs, list: classes.tabList, tab: classes.tab, tabLabel: classes.tabLabel, panel: classes.tabPanel }} keepMounted={false}>
              <Tabs.List grow>
                <Tabs.Tab value="people" leftSection={<IconUsers size={17} stroke={1.7} />} rightSection={asking > 0 ? <Badge size="sm" circle={asking < 10} aria-label={t('door.count', { count: asking })} data-testid="door-count">{asking}</Badge> : null} data-testid="tab-people">
                  {t('room.tabs.people')}
                </Tabs.Tab>
                <Tabs.Tab
                  value="chat"
                  leftSection={<IconMessageCircle size={17} stroke={1.7} />}
                  rightSection={
                    unread > 0 && tab !== 'chat' ? (
                      <Badge size="sm" circle={unread < 10} aria-label={t('room.tabs.unread', { count: unread })} data-testid="chat-unread">
                        {unread > 99 ? '99+' : unread}
                      </Badge>
                    ) : null
                  }
                  data-testid="tab-chat"
                >
                  {t('room.tabs.chat')}
                </Tabs.Tab>
                <Tabs.Tab value="settings" leftSection={<IconSettings size={17} stroke={1.7} />} data-testid="tab-settings">
                  {t('room.tabs.settings')}
                </Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="people">
                <Suspense>
                  <PeoplePanel onInvite={() => setInviting(true)} />
                </Suspense>
              </Tabs.Panel>
              <Tabs.Panel value="chat">
                <ChatPanel onSeen={seen} mark={mark} />
              </Tabs.Panel>
              <Tabs.Panel value="settings">
                <Suspense>
                  <SettingsPanel />
                </Suspense>
              </Tabs.Panel>
            </Tabs>
          </aside>
        )}
      </div>
      {touchTyping && driving && (
        <Suspense>
          <KeyRow modifiers={handle.modifiers} />
        </Suspense>
      )}
      <Suspense>{inviting && <InviteDialog opened onClose={() => setInviting(false)} />}</Suspense>
      <Announcer />
    </div>
  );
}

function Header({ onInvite, phone }: { onInvite: () => void; phone: boolean }) {
  const { t } = useTranslation();
  const { room, people, status } = useRoom((live) => ({ room: live.room, people: viewersOf(live).filter(({ connected }) => connected).length, status: live.status.kind }));
  const mayInvite = useMay('invite');
  if (!room) return null;
  const state = status === 'online' ? 'online' : status === 'reconnecting' ? 'reconnecting' : status === 'connecting' ? 'connecting' : 'closed';
  return (
    <header className={classes.header}>
      <Group gap={phone ? 6 : 10} wrap="nowrap" miw={0} flex={1}>
        <Tooltip label={t('room.leave')}>
          <Anchor component={Link} to="/rooms" aria-label={t('room.leave')} className={classes.home} data-testid="leave-room">
            <TurtleMark size={30} />
          </Anchor>
        </Tooltip>
        <Text component="h1" className={classes.title} title={room.title} dir="auto" data-testid="room-heading">
          {room.title}
        </Text>
        <Tooltip label={`${t(`privacy.${room.privacy}`)}: ${t(`privacy.${room.privacy}Text`)} ${t(`entry.${room.entry}Text`)}`}>
          <Group gap={5} c="dimmed" wrap="nowrap" data-testid="room-privacy" data-privacy={room.privacy} role="img" aria-label={`${t(`privacy.${room.privacy}`)}, ${t(`entry.${room.entry}`)}`} tabIndex={0}>
            <PrivacyIcon privacy={room.privacy} size={17} />
            {room.hasPassword && <IconKey size={16} stroke={1.7} />}
          </Group>
        </Tooltip>
        <Tooltip label={t(`room.status.${state}`)}>
          <span className={classes.connection} data-status={state} role="status" aria-label={t(`room.status.${state}`)} data-testid="connection">
            {state !== 'online' && !phone && t(`room.status.${state}`)}
          </span>
        </Tooltip>
      </Group>
      <Group gap={phone ? 2 : 6} wrap="nowrap" flex="none">
        <Tooltip label={t('room.people', { count: people })}>
          <Group gap={6} wrap="nowrap" c="dimmed" px={phone ? 4 : 8} fz="sm" fw={600} role="img" aria-label={t('room.people', { count: people })} data-testid="people-count" data-count={people}>
            <IconUsers size={18} stroke={1.7} aria-hidden />
            <span className="tnum">{people}</span>
          </Group>
        </Tooltip>
        {mayInvite &&
          (phone ? (
            <ActionIcon variant="filled" color="turtle" size={44} onClick={onInvite} aria-label={t('invite.open')} data-testid="invite-open">
              <IconUserPlus size={19} />
            </ActionIcon>
          ) : (
            <Button leftSection={<IconUserPlus size={17} />} onClick={onInvite} data-testid="invite-open">
              {t('invite.open')}
            </Button>
          ))}
        <ThemeToggle />
        <ProfileMenu />
      </Group>
    </header>
  );
}

/** What the hub refuses, and what somebody else decided, is said once, softly. */
function useRefusals(): void {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const { refusal, deniedAt, taken, cleared } = useRoom((room) => ({ refusal: room.refusal, deniedAt: room.deniedAt, taken: room.taken, cleared: room.cleared }));
  const holder = useRoom((room) => room.peers.find(({ id }) => id === room.control.holder)?.person?.displayName);
  const holderName = useRef(holder);
  holderName.current = holder;
  useEffect(() => {
    if (refusal) notifications.show({ id: 'refusal', message: errorText(new HubError(refusal.code as HubError['code'], refusal.detail)), color: 'orange' });
  }, [refusal, errorText]);
  useEffect(() => {
    if (deniedAt > 0) notifications.show({ id: 'denied', message: t('control.denied', { name: holderName.current ?? t('control.somebody') }), color: 'orange' });
  }, [deniedAt, t]);
  useEffect(() => {
    if (cleared) notifications.show({ id: 'cleared', message: t('chat.cleared', { name: cleared.name ?? t('control.somebody') }) });
  }, [cleared, t]);
  useEffect(() => {
    if (taken) notifications.show({ id: 'taken', message: t('control.taken', { name: taken.name ?? t('control.somebody') }) });
  }, [taken, t]);
}
