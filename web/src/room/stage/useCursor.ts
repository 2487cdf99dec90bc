import { useEffect, useState, type RefObject } from 'react';
import { useRoom } from '../context';
import type { Rect } from '../stream/letterbox';
import type { Zoom } from '../stream/Zoom';
import { cursorStyle } from './cursor';

/** The agent's cursor as this page's own: it moves without any delay, and is as large as the picture is shown. */
export function useCursor(active: boolean, content: () => Rect, frame: RefObject<HTMLElement | null>, zoom: Zoom): string | undefined {
  const { cursor, screen } = useRoom((room) => ({ cursor: room.cursor, screen: room.screen }));
  const [style, setStyle] = useState<string | undefined>(undefined);
  const [scale, setScale] = useState(1);
  const width = screen?.width;
  useEffect(() => {
    if (!active || width === undefined || !frame.current) return;
    const look = (): void => setScale(Math.round((content().width / width) * 100) / 100);
    const observer = new ResizeObserver(look);
    observer.observe(frame.current);
    const unsubscribe = zoom.store.subscribe(look);
    look();
    return () => {
      observer.disconnect();
      unsubscribe();
    };
  }, [active, width, content, frame, zoom]);
  useEffect(() => {
    if (!active || !cursor) {
      setStyle(undefined);
      return;
    }
    let current = true;
    void cursorStyle(cursor, scale, window.devicePixelRatio || 1).then((made) => {
      if (current) setStyle(made);
    });
    return () => {
      current = false;
    };
  }, [active, cursor, scale]);
  return style;
}
