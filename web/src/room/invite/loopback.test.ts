import { expect, it } from 'vitest';
import { isLoopback } from './loopback';

it.each([
  ['localhost', true],
  ['turtus.localhost', true],
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['[::1]', true],
  ['192.168.1.127', false],
  ['[fe80::1]', false],
  ['localhost.example.org', false],
  ['mylocalhost', false],
  ['127.example.org', false],
])('%s is this computer alone: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
