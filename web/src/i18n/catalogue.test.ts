import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import en from './en.json';

it('has a sentence for every error code of the contract', () => {
  const contract = readFileSync(resolve(import.meta.dirname, '../../../services/httpapi/openapi.yaml'), 'utf8');
  const list = /ErrorCode:\n[\s\S]*?enum:\n((?: +- \w+\n)+)/.exec(contract)?.[1] ?? '';
  const codes = list.split('\n').map((line) => line.replace(/^ +- /, '')).filter(Boolean);
  expect(codes.length).toBeGreaterThan(30);
  expect(codes.filter((code) => !(code in en.errors))).toEqual([]);
});
