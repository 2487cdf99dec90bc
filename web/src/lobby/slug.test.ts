import { expect, it } from 'vitest';
import { suggestSlug } from './slug';
import { withScheme } from './startPage';

it.each([
  ['Friday movies', 'friday-movies'],
  ['Amélie, part 2!', 'amelie-part-2'],
  ["Grandma's photos", 'grandmas-photos'],
  ['  --x--  ', ''],
  ['金曜日', ''],
  ['a'.repeat(80), 'a'.repeat(48)],
])('suggests for %j the address %j', (title, slug) => expect(suggestSlug(title)).toBe(slug));

it('takes a bare host for a start page as https', () => {
  expect(withScheme(' example.org ')).toBe('https://example.org');
  expect(withScheme('http://example.org')).toBe('http://example.org');
  expect(withScheme('')).toBe('');
});
