import { beforeEach, expect, it } from 'vitest';
import { Modifiers } from './Modifiers';

let said: string[];
let modifiers: Modifiers;
const press = (): string[] => {
  said = [];
  modifiers.hold();
  said.push('key');
  modifiers.drop();
  return said;
};

beforeEach(() => {
  said = [];
  modifiers = new Modifiers({ key: (keysym, down) => said.push(`${keysym.toString(16)} ${down ? 'down' : 'up'}`) });
});

it('holds a tapped modifier for the next key only', () => {
  modifiers.tap('control');
  expect(said).toEqual([]);
  expect(press()).toEqual(['ffe3 down', 'key', 'ffe3 up']);
  expect(press()).toEqual(['key']);
});

it('holds one that was tapped twice until it is tapped once more', () => {
  modifiers.tap('shift');
  modifiers.tap('shift');
  modifiers.tap('alt');
  expect(press()).toEqual(['ffe1 down', 'ffe9 down', 'key', 'ffe9 up', 'ffe1 up']);
  expect(press()).toEqual(['ffe1 down', 'key', 'ffe1 up']);
  modifiers.tap('shift');
  expect(press()).toEqual(['key']);
});

it('forgets all with control', () => {
  modifiers.tap('control');
  modifiers.forget();
  expect(press()).toEqual(['key']);
});
