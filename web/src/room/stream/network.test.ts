import { describe, expect, it, vi } from 'vitest';
import { watchNetwork } from './network';

describe('watchNetwork', () => {
  it('tells of a network that is back or another one, and not of its speed', () => {
    const connection = Object.assign(new EventTarget(), { type: 'wifi' });
    const target = Object.assign(new EventTarget(), { navigator: { connection } });
    const changed = vi.fn();
    const stop = watchNetwork(changed, target as unknown as Window);
    const become = (type: string): void => {
      connection.type = type;
      connection.dispatchEvent(new Event('change'));
    };
    become('wifi');
    become('none');
    expect(changed).not.toHaveBeenCalled();
    become('cellular');
    expect(changed).toHaveBeenCalledTimes(1);
    target.dispatchEvent(new Event('online'));
    expect(changed).toHaveBeenCalledTimes(2);
    stop();
    become('wifi');
    target.dispatchEvent(new Event('online'));
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it('goes by online alone where the browser says no more', () => {
    const target = Object.assign(new EventTarget(), { navigator: {} });
    const changed = vi.fn();
    watchNetwork(changed, target as unknown as Window);
    target.dispatchEvent(new Event('online'));
    expect(changed).toHaveBeenCalledOnce();
  });
});
