import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { Devices, type DevicesState } from '@/call/Devices';
import { microphoneLevel } from '@/call/Levels';
import { choice } from '@/call/preferences';

/** Devices for looking and listening only: nobody else hears or sees them, and they are given back with the check. */
export function useCheckDevices(): Devices | null {
  const [devices, setDevices] = useState<Devices | null>(null);
  useEffect(() => {
    const made = new Devices({ media: (navigator as Partial<Navigator>).mediaDevices, choice });
    setDevices(made);
    void made.list();
    return () => {
      made.dispose();
      setDevices(null);
    };
  }, []);
  return devices;
}

export const useDevicesOf = (devices: Devices): DevicesState => useStore(devices.store);

const interval = 80;

/** How loud a microphone is just now, from 0 to 1 as an ear would say it. */
export function useLevel(track: MediaStreamTrack | null): number {
  const [level, setLevel] = useState(0);
  useEffect(() => {
    const measured = track ? microphoneLevel(track) : null;
    if (!measured) return;
    const timer = setInterval(() => setLevel(Math.min(1, Math.sqrt(measured.level() * 4))), interval);
    return () => {
      clearInterval(timer);
      measured.end();
      setLevel(0);
    };
  }, [track]);
  return level;
}
