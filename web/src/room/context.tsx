import { createContext, use, type ReactNode } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import type { Permission } from '@/api/types';
import type { LiveRoom, RoomSession } from './RoomSession';
import { holds, may } from './state/roomState';

const RoomContext = createContext<RoomSession | null>(null);

/** The one place where the page gets its connection from. */
export function RoomProvider({ session, children }: { session: RoomSession; children: ReactNode }) {
  return <RoomContext value={session}>{children}</RoomContext>;
}

export function useRoomSession(): RoomSession {
  const session = use(RoomContext);
  if (!session) throw new Error('RoomProvider is missing');
  return session;
}

/** A part of the live room; the component renders when that part changes. */
export function useRoom<T>(select: (room: LiveRoom) => T): T {
  return useStore(useRoomSession().store, useShallow(select));
}

export const useMay = (permission: Permission): boolean => useRoom((room) => may(room, permission));
export const useDriving = (): boolean => useRoom((room) => room.driving);
/** Whether control is held here, though there may be no picture to use it on. */
export const useHolds = (): boolean => useRoom(holds);
