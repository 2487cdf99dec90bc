import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any properties: as React.lazy has it
type Loadable = ComponentType<any>;

const loads: (() => Promise<unknown>)[] = [];

/**
 * A component that comes when it is first shown, or before that by fetchRest: then it is shown at once,
 * without a frame of nothing, which React.lazy alone has even for what is there.
 */
export function later<T extends Loadable>(load: () => Promise<{ default: T }>): LazyExoticComponent<T> {
  let here: { default: T } | undefined;
  const fetch = async (): Promise<{ default: T }> => (here ??= await load());
  loads.push(fetch);
  return lazy(() => {
    const known = here;
    return known === undefined ? fetch() : ({ then: (done: (module: { default: T }) => void) => done(known) } as unknown as Promise<{ default: T }>);
  });
}

/** Fetches one after the other whatever is for later, also what those bring along. What fails is tried again when it is shown. */
export async function fetchRest(): Promise<void> {
  for (let load = loads.shift(); load !== undefined; load = loads.shift()) await load().catch(() => undefined);
}

/** Runs it when the page has nothing better to do. Returns how to call it off. */
export function whenIdle(run: () => void): () => void {
  if ('requestIdleCallback' in window) {
    const handle = requestIdleCallback(run);
    return () => cancelIdleCallback(handle);
  }
  const handle = setTimeout(run, 1_000); // Safari
  return () => clearTimeout(handle);
}

export const fetchRestWhenIdle = (): (() => void) => whenIdle(() => void fetchRest());
