import { Avatar } from '@mantine/core';
import type { AvatarColor } from '@/api/types';

interface Props {
  person: { displayName: string; avatarColor: AvatarColor; avatarUrl?: string | undefined };
  size?: number;
  /** Named where the name does not stand beside it. */
  named?: boolean;
}

/** Of each colour the shade on which initials, white or dark, can be read in both themes. */
const shades: Partial<Record<AvatarColor, number>> = { cyan: 9, teal: 9, green: 7, lime: 7, yellow: 7, orange: 6 };
export const avatarShade = (color: AvatarColor): string => `${color}.${shades[color] ?? 8}`;

export function PersonAvatar({ person, size = 36, named = false }: Props) {
  return (
    <Avatar src={person.avatarUrl ?? null} color={avatarShade(person.avatarColor)} variant="filled" autoContrast radius={1000} size={size} alt={named ? person.displayName : ''} aria-hidden={!named} styles={{ placeholder: { fontWeight: 650, fontSize: size * 0.4 } }}>
      {initials(person.displayName)}
    </Avatar>
  );
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = [...(words[0] ?? '')][0] ?? '?';
  const second = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + second).toUpperCase();
}
