import { afterEach, describe, expect, it, vi } from 'vitest';
import { i18next, speak, speakAsChosen } from '.';
import { chosen, languages } from './languages';

const browser = (...wanted: string[]) => vi.spyOn(navigator, 'languages', 'get').mockReturnValue(wanted);

afterEach(async () => {
  chosen.setState({ language: undefined });
  await speak('en');
});

describe('find', () => {
  it.each([
    [['ja'], 'ja'],
    [['ja-JP', 'en'], 'ja'],
    [['KO-kr'], 'ko'],
    [['de', 'ko-KR', 'en'], 'ko'],
    [['en-GB'], 'en'],
    [['de'], undefined],
    [[], undefined],
  ])('%j is %s', (wanted, found) => {
    expect(languages.find(wanted)).toBe(found);
  });
});

it('names each language as its speakers do', () => {
  expect(['en', 'ja', 'ko', 'es'].map((tag) => languages.nameOf(tag))).toEqual(['English', '日本語', '한국어', 'Español']);
});

it("speaks the browser's language until one is chosen, and tells the page which", async () => {
  browser('ko-KR', 'en');
  await speakAsChosen();
  expect(document.documentElement).toHaveProperty('lang', 'ko');
  chosen.setState({ language: 'ja' });
  await speakAsChosen();
  expect(document.documentElement).toHaveProperty('lang', 'ja');
  expect(i18next.t('language.title')).toBe('言語');
  expect(JSON.parse(localStorage.getItem('turtus.language') ?? '')).toEqual({ language: 'ja' });
});

it('speaks English where there is nothing better', async () => {
  browser('tlh', 'de-DE');
  await speakAsChosen();
  expect(document.documentElement).toHaveProperty('lang', 'en');
});

it('is written from the other side where its language is', async () => {
  i18next.addResourceBundle('ar', 'translation', {});
  await i18next.changeLanguage('ar');
  expect(document.documentElement).toHaveProperty('dir', 'rtl');
  await speak('en');
  expect(document.documentElement).toHaveProperty('dir', 'ltr');
});

it('speaks English when the chosen one cannot be had', async () => {
  chosen.setState({ language: 'xx' });
  await speakAsChosen();
  expect(document.documentElement).toHaveProperty('lang', 'en');
});
