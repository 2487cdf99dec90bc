import { useEffect } from 'react';
import { createStore } from 'zustand/vanilla';
import { useStore } from 'zustand';
import type { Share } from '@/call/Call';
import { useCall } from '../call/hooks';

/** What of the two is on the stage: the shared screen alone, both beside each other, or the room's browser alone. */
export type ShareView = 'screen' | 'both' | 'browser';

/** The viewer's choice, for each share anew: who shares begins with the browser, for their own screen in itself has no end. */
const chosen = createStore<{ of: string; view: ShareView } | null>(() => null);

const nameOf = ({ peer, own }: Share): string => `${peer.id}${own ? '!' : ''}${peer.media.screen ?? ''}`;

export const chooseView = (share: Share, view: ShareView): void => chosen.setState({ of: nameOf(share), view }, true);

/** What is on the stage now; null where nobody shares. */
export function useShareView(): ShareView | null {
  const share = useCall((call) => call.share);
  const choice = useStore(chosen);
  // All screens that a page shares, one after the other, have one name: a choice ends with the share that it was made for.
  const none = share === null;
  useEffect(() => {
    if (none) chosen.setState(null, true);
  }, [none]);
  if (!share) return null;
  return choice?.of === nameOf(share) ? choice.view : share.own ? 'browser' : 'screen';
}
