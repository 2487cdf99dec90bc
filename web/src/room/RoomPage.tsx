import { useQueryClient } from '@tanstack/react-query';
import { Suspense, useEffect, useRef, useState, type RefObject } from 'react';
import { useParams } from 'react-router';
import { openHubSocket } from '@/api/hub/socket';
import { useApi, useSession } from '@/account/session';
import { unwrap, type ApiClient } from '@/api/client';
import { keys } from '@/api/queries';
import type { Server } from '@/api/types';
import { checked } from '@/call/preferences';
import { copyQuietly } from '@/ui/copy';
import { later } from '@/ui/later';
import { decodableCodecs } from './codecs';
import type { DoorProps } from './Closed';
import { RoomProvider, useMay, useRoom } from './context';
import { Joining } from './Joining';
import { RoomScreen } from './RoomScreen';
import { RoomSession, type RoomSessionOptions } from './RoomSession';
import { watchNetwork } from './stream/network';
import { watchVisibility } from './stream/visibility';

const CheckPage = later(() => import('./check/CheckPage'));
const Closed = later(() => import('./Closed').then((m) => ({ default: m.Closed })));
const VisitorsDoor = later(() => import('@/door/DoorPage').then((m) => ({ default: m.VisitorsDoor })));

export function RoomPage() {
  const { slug = '' } = useParams();
  const account = useSession();
  const api = useApi();
  const queries = useQueryClient();
  const password = useRef<string | null>(null);
  const personId = account.status === 'signedIn' ? account.person.id : null;
  const [session, setSession] = useState<RoomSession | null>(null);
  /** They have asked to enter, by the name of a guest. */
  const asked = useRef(false);

  useEffect(() => {
    if (personId === null) return;
    const made = makeSession(slug, personId, api, password, (notice) => queries.setQueryData<Server>(keys.server, (known) => (known === undefined ? known : withNotice(known, notice))));
    setSession(made);
    made.enter();
    const unwatch = watchVisibility((hidden) => made.setHidden(hidden));
    const nudge = (): void => {
      if (!document.hidden) made.hub.nudge();
    };
    const unwatchNetwork = watchNetwork(() => made.networkChanged());
    document.addEventListener('visibilitychange', nudge);
    return () => {
      unwatchNetwork();
      document.removeEventListener('visibilitychange', nudge);
      unwatch();
      // Nothing of this runs when the page itself goes or is reloaded: then the hub holds the seat.
      made.leave();
      setSession(null);
    };
  }, [slug, api, queries, personId]);

  if (account.status !== 'signedIn') {
    return (
      <Suspense fallback={<Joining />}>
        <VisitorsDoor slug={slug} asked={() => (asked.current = true)} />
      </Suspense>
    );
  }
  if (!session) return <Joining />;
  return (
    <RoomProvider session={session}>
      <Door
        slug={slug}
        asked={asked}
        enter={(typed) => {
          password.current = typed;
          session.enter();
        }}
      />
    </RoomProvider>
  );
}

/** A notice that is taken back is none, not one of nothing. */
function withNotice({ notice: _, ...server }: Server, notice: Server['notice']): Server {
  return notice === undefined ? server : { ...server, notice };
}

function makeSession(slug: string, person: string, api: ApiClient, password: RefObject<string | null>, notice: NonNullable<RoomSessionOptions['notice']>): RoomSession {
  const made: RoomSession = new RoomSession({
    room: slug,
    person,
    // By id once it is known: the address may change while somebody is inside.
    join: () => unwrap(api.POST('/rooms/{room}/join', { params: { path: { room: made.store.getState().room?.id ?? slug } }, body: password.current === null ? {} : { password: password.current } })),
    history: (room, query) => unwrap(api.GET('/rooms/{room}/messages', { params: { path: { room }, query: { ...query, limit: 100 } } })),
    openSocket: openHubSocket,
    makePeerConnection: (configuration) => new RTCPeerConnection(configuration),
    codecs: decodableCodecs,
    storage: sessionStorage,
    copy: copyQuietly,
    notice,
    media: (navigator as Partial<Navigator>).mediaDevices,
  });
  return made;
}

/** What stands between a person and the room: the room itself once inside, else what the door says. */
function Door({ slug, asked, enter }: DoorProps) {
  const { status, inside } = useRoom((room) => ({ status: room.status, inside: room.self !== null }));
  if (status.kind === 'closed') {
    return (
      <Suspense fallback={<Joining />}>
        <Closed status={status} slug={slug} asked={asked} enter={enter} />
      </Suspense>
    );
  }
  return inside ? <Threshold /> : <Joining />;
}

/** Who comes for the first time with this device may try microphone and camera before anybody hears or sees them. */
function Threshold() {
  const talks = [useMay('voice'), useMay('video')].some(Boolean);
  const [passed, setPassed] = useState(() => checked.getState().done || !talks || (navigator as Partial<Navigator>).mediaDevices === undefined);
  if (passed) return <RoomScreen />;
  return (
    <Suspense fallback={<Joining />}>
      <CheckPage onDone={() => setPassed(true)} />
    </Suspense>
  );
}
