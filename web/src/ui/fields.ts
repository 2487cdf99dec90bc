import type en from '@/i18n/en.json';

/** What can be wrong with a field: a sentence of the catalogue. */
export type FieldWord = keyof typeof en.fields;

/** Looks at what is typed before it is sent; null when there is nothing to mend. The contract decides, this only spares the way. */
export type Check = (value: string) => FieldWord | null;

const characters = (text: string): number => [...text].length;
const upTo = (most: number, word: FieldWord): Check => (value) => (characters(value.trim()) <= most ? null : word);

export const needed = (word: FieldWord): Check => (value) => (value.trim() === '' ? word : null);

export const checkUsername: Check = (value) => {
  if (value.trim() === '') return 'usernameMissing';
  return /^[a-z0-9][a-z0-9._-]{1,31}$/i.test(value.trim()) ? null : 'username';
};

export const checkNewPassword: Check = (value) => {
  if (value === '') return 'passwordMissing';
  return characters(value) >= 8 && characters(value) <= 200 ? null : 'password';
};

export const checkDisplayName = upTo(40, 'displayName');

export const checkTitle: Check = (value) => needed('titleMissing')(value) ?? upTo(80, 'title')(value);

export const checkSlug: Check = (value) => (value.length >= 3 && value.length <= 48 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(value) ? null : 'slug');

export const checkRoomPassword: Check = (value) => (characters(value) <= 200 ? null : 'roomPassword');

/** Takes the address as it will be sent, with its scheme. */
export const checkStartUrl: Check = (value) => {
  if (value === '' || value === 'about:blank') return null;
  const url = /^https?:\/\//.test(value) && URL.canParse(value) ? new URL(value) : null;
  return url && value.length <= 2048 && url.username === '' && url.password === '' ? null : 'startUrl';
};
