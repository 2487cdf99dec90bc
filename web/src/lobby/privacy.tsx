import { IconLink, IconLock, IconWorld } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Privacy } from '@/api/types';

export const privacies: readonly Privacy[] = ['unlisted', 'public', 'private'];

export function PrivacyIcon({ privacy, size = 16 }: { privacy: Privacy; size?: number }): ReactNode {
  const Icon = { public: IconWorld, unlisted: IconLink, private: IconLock }[privacy];
  return <Icon size={size} stroke={1.7} aria-hidden />;
}
