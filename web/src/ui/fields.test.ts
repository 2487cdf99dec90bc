import { expect, it } from 'vitest';
import { withScheme } from '@/lobby/startPage';
import { checkNewPassword, checkSlug, checkStartUrl, checkUsername } from './fields';

it('knows a username', () => {
  expect(['mia', 'Mia.2', 'a-b_c', ' mia '].map(checkUsername)).toEqual([null, null, null, null]);
  expect(['', ' ', 'm', '.mia', 'mia k', 'é'.repeat(4), 'a'.repeat(33)].map(checkUsername)).toEqual(['usernameMissing', 'usernameMissing', 'username', 'username', 'username', 'username', 'username']);
});

it('counts the characters of a password as the server does', () => {
  expect(['', 'seven77', '🐢'.repeat(7), '🐢'.repeat(8), 'eight888'].map(checkNewPassword)).toEqual(['passwordMissing', 'password', 'password', null, null]);
});

it('knows the address of a room', () => {
  expect(['friday', 'friday-movies-2'].map(checkSlug)).toEqual([null, null]);
  expect(['', 'ab', '-ab', 'a--b', 'abc-', 'Friday'].map(checkSlug)).toEqual(Array(6).fill('slug'));
});

it('knows a start page as it is typed', () => {
  const check = (typed: string) => checkStartUrl(withScheme(typed));
  expect(['', 'about:blank', 'example.org', 'HTTP://example.org/a b'].map(check)).toEqual([null, null, null, null]);
  expect(['file:///etc/passwd', 'ftp://example.org', 'javascript:alert(1)', 'https://me:secret@example.org', 'https://'].map(check)).toEqual(Array(5).fill('startUrl'));
});
