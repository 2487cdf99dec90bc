import { useMay, useRoom } from '../context';
import { peerById, type RoomState } from '../state/roomState';

/** Whether control is held by the same person, in another of their tabs. */
export function heldElsewhere(room: Pick<RoomState, 'self' | 'peers' | 'control'>): boolean {
  const { holder } = room.control;
  const me = peerById(room, room.self?.peer)?.person?.id;
  return holder !== undefined && me !== undefined && holder !== room.self?.peer && peerById(room, holder)?.person?.id === me;
}

/** How control comes here without disturbing anybody else; null where it does not. */
export function useTaking(): 'control.take' | 'control.request' | null {
  const { free, mine, asked } = useRoom((room) => ({
    free: room.control.holder === undefined,
    mine: heldElsewhere(room),
    asked: room.self !== null && room.control.requests.includes(room.self.peer),
  }));
  const mayControl = useMay('control');
  const mayModerate = useMay('moderate');
  if (!mayControl) return null;
  if (free || (mine && mayModerate)) return 'control.take';
  return mine && !asked ? 'control.request' : null;
}
