import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import en from './en.json';
import { languages, load } from './languages';

interface Words { readonly [name: string]: string | Words }

function flat(words: Words, path = ''): Map<string, string> {
  return new Map(Object.entries(words).flatMap(([name, one]) => (typeof one === 'string' ? [[path + name, one] as const] : [...flat(one, `${path}${name}.`)])));
}

const plural = /_(zero|one|two|few|many|other)$/;
const english = flat(en);
/** A key has forms when English tells one from many. */
const hasForms = (key: string): boolean => plural.test(key) && english.has(key.replace(plural, '_one')) && english.has(key.replace(plural, '_other'));
const unordered = (text: string, pattern: RegExp): string[] => [...new Set(text.match(pattern) ?? [])].sort();

/** The keys that a language must have: for each number's form of its own, and for none where English has words of its own for that. */
function keysIn(tag: string): string[] {
  const forms = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
  return [...new Set([...english.keys()].flatMap((key) => (hasForms(key) ? [...forms, ...(key.endsWith('_zero') ? ['zero'] : [])].map((form) => key.replace(plural, `_${form}`)) : [key])))].sort();
}

it('has a sentence for every error code of the contract', () => {
  const contract = readFileSync(resolve(import.meta.dirname, '../../../services/httpapi/openapi.yaml'), 'utf8');
  const list = /ErrorCode:\n[\s\S]*?enum:\n((?: +- \w+\n)+)/.exec(contract)?.[1] ?? '';
  const codes = list.split('\n').map((line) => line.replace(/^ +- /, '')).filter(Boolean);
  expect(codes.length).toBeGreaterThan(30);
  expect(codes.filter((code) => !(code in en.errors))).toEqual([]);
});

it('speaks English, Japanese and Korean', () => {
  expect(languages.tags).toEqual(expect.arrayContaining(['en', 'ja', 'ko']));
});

describe.each(languages.tags)('%s', (tag) => {
  it('has every string of English and none more', async () => {
    const keys = new Set(flat(await load(tag)).keys());
    const wanted = keysIn(tag);
    expect(wanted.filter((key) => !keys.has(key)), 'missing').toEqual([]);
    expect([...keys].filter((key) => !wanted.includes(key)), 'unknown').toEqual([]);
  });

  it('says something in each, with the same values and marks', async () => {
    for (const [key, text] of flat(await load(tag))) {
      const source = english.get(key) ?? english.get(key.replace(plural, '_other')) ?? '';
      expect(text.trim(), key).not.toBe('');
      for (const pattern of [/\{\{\s*\w+/g, /<\/?\w+>/g]) {
        // "one" may say its number by a word.
        const left = plural.test(key) && !key.endsWith('_other') ? unordered(source, pattern).filter((value) => !value.endsWith('count')) : unordered(source, pattern);
        expect(unordered(text, pattern), key).toEqual(expect.arrayContaining(left));
        expect(unordered(source, pattern), key).toEqual(expect.arrayContaining(unordered(text, pattern)));
      }
    }
  });
});
