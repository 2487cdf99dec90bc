import { createStore, type StoreApi } from 'zustand/vanilla';

/** A choice that is kept in a storage: by default what this device remembers. */
export function remembered<T extends object>(key: string, read: (stored: Partial<T>) => T, storage: () => Pick<Storage, 'getItem' | 'setItem'> = () => localStorage): StoreApi<T> {
  const parse = (): T => {
    try {
      return read(JSON.parse(storage().getItem(key) ?? '{}') as Partial<T>);
    } catch {
      return read({});
    }
  };
  const store = createStore<T>(parse);
  store.subscribe((state) => {
    try {
      storage().setItem(key, JSON.stringify(state));
    } catch {
      // No storage: it holds until the page goes.
    }
  });
  return store;
}
