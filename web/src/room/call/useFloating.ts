import { useEffect, useRef, type HTMLAttributes, type RefObject } from 'react';
import { useStore } from 'zustand';
import { bubbles } from '@/call/preferences';

/** Less is a click with an unsteady hand. */
const slack = 6;

/** Lets something be moved over the picture by mouse or finger; where it was left is remembered. */
export function useFloating(element: RefObject<HTMLElement | null>, on: boolean): HTMLAttributes<HTMLElement> {
  const { x, y } = useStore(bubbles);
  const drag = useRef<{ pointer: number; fromX: number; fromY: number; x: number; y: number; moved: boolean } | null>(null);
  const moved = useRef(false);
  // A drag that ends over a bubble is no click on it.
  useEffect(() => {
    const node = element.current;
    if (!node || !on) return;
    const swallow = (event: MouseEvent): void => {
      if (!moved.current) return;
      moved.current = false;
      event.stopPropagation();
      event.preventDefault();
    };
    node.addEventListener('click', swallow, true);
    return () => node.removeEventListener('click', swallow, true);
  });
  if (!on) return {};
  return {
    style: { left: `${x * 100}%`, top: `${y * 100}%`, transform: `translate(${-x * 100}%, ${-y * 100}%)` },
    onPointerDown: (event) => {
      moved.current = false;
      drag.current = { pointer: event.pointerId, fromX: event.clientX, fromY: event.clientY, x, y, moved: false };
    },
    onPointerMove: (event) => {
      const { current } = drag;
      const node = element.current;
      const room = node?.offsetParent;
      if (!current || !node || !room || event.pointerId !== current.pointer || event.buttons === 0) return;
      const dx = event.clientX - current.fromX;
      const dy = event.clientY - current.fromY;
      if (!current.moved && Math.hypot(dx, dy) < slack) return;
      if (!current.moved) node.setPointerCapture(event.pointerId);
      current.moved = true;
      moved.current = true;
      const clamp = (value: number): number => Math.min(1, Math.max(0, value));
      const width = Math.max(1, room.clientWidth - node.offsetWidth);
      const height = Math.max(1, room.clientHeight - node.offsetHeight);
      bubbles.setState({ x: clamp(current.x + dx / width), y: clamp(current.y + dy / height) });
    },
    onPointerUp: () => (drag.current = null),
    onPointerCancel: () => (drag.current = null),
  };
}
