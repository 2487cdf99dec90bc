import { useMay, useRoom } from '../context';
import { peerById, type RoomState } from '../state/roomState';

/** Whether control is held by the same person, in another of their tabs. */
export function heldElsewhere(room: Pick<RoomState, 'self' | 'peers' | 'control'>): boolean {
  const { holder } = room.control;
  const me = peerById(room, room.self?.peer)?.person?.id;
  return holder !== undefined && me !== undefined && holder !== room.self?.peer && peerById(room, holder)?.person?.id === me;
}

/** Whether a click brings control here without disturbing anybody else. */
export function useMayTake(): boolean {
  const free = useRoom((room) => room.control.holder === undefined || heldElsewhere(room));
  return useMay('control') && free;
}
