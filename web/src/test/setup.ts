import '@/i18n';
import { cleanup, configure } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

// A busy machine takes its time; only what never comes fails.
configure({ asyncUtilTimeout: 10_000 });

afterEach(() => {
  cleanup();
  localStorage.clear();
  sessionStorage.clear();
});

// What jsdom lacks of a browser.
class NoObserver {
  readonly observe = (): void => undefined;
  readonly unobserve = (): void => undefined;
  readonly disconnect = (): void => undefined;
}
vi.stubGlobal('ResizeObserver', NoObserver);
vi.stubGlobal('matchMedia', (query: string) => ({ matches: false, media: query, addEventListener: () => undefined, removeEventListener: () => undefined, addListener: () => undefined, removeListener: () => undefined }));
Element.prototype.scrollIntoView = () => undefined;
Element.prototype.setPointerCapture = () => undefined;
HTMLMediaElement.prototype.play = () => Promise.resolve();
Object.defineProperty(document, 'fonts', { value: { addEventListener: () => undefined, removeEventListener: () => undefined } });

class FakeMediaStream extends EventTarget {
  constructor(readonly tracks: MediaStreamTrack[] = []) {
    super();
  }
  addTrack(track: MediaStreamTrack): void {
    this.tracks.push(track);
  }
}
vi.stubGlobal('MediaStream', FakeMediaStream);
Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', { value: null, writable: true });
