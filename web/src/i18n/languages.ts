import type en from './en.json';
import { remembered } from '@/ui/remembered';

/** Each file beside this one is a language: its name is the language's tag (RFC 5646), and nothing else need be told. */
const files = import.meta.glob<typeof en>('./*.json', { import: 'default' });
const fileOf = (tag: string): string => `./${tag}.json`;

export const languages = {
  tags: Object.keys(files).map((name) => name.slice(2, -'.json'.length)).sort(),

  /** The first of the wanted ones that there is: exactly, or else one of the same language. */
  find(wanted: readonly string[]): string | undefined {
    const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
    const base = (tag: string): string => tag.split('-')[0] ?? tag;
    for (const one of wanted) {
      const found = languages.tags.find((tag) => same(tag, one)) ?? languages.tags.find((tag) => same(base(tag), base(one)));
      if (found) return found;
    }
    return undefined;
  },

  /** As its own speakers write it. */
  nameOf(tag: string): string {
    const name = new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag;
    return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1);
  },
};

export function load(tag: string): Promise<typeof en> {
  const file = files[fileOf(tag)];
  return file ? file() : Promise.reject(new Error(`no words in ${tag}`));
}

/** What was chosen on this device; undefined follows the browser. */
export const chosen = remembered<{ language: string | undefined }>('turtus.language', ({ language }) => ({ language: languages.tags.find((tag) => tag === language) }));
