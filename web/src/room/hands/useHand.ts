import { useCallback } from 'react';
import { useMay, useRoom, useRoomSession } from '../context';
import { peerById } from '../state/roomState';

/** This person's own hand. */
export function useHand(): { up: boolean; may: boolean; toggle: () => void } {
  const session = useRoomSession();
  const up = useRoom((room) => peerById(room, room.self?.peer)?.hand !== undefined);
  const may = useMay('react');
  const toggle = useCallback(() => void (up ? session.ask('hand.lower', {}) : session.ask('hand.raise', {})), [session, up]);
  return { up, may, toggle };
}
