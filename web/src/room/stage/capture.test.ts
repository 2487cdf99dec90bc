import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pictureName, savePicture } from './capture';

describe('the name of a saved picture', () => {
  const time = new Date(2026, 10, 2, 3, 4, 5);
  it.each([
    ['Friday movies', 'Friday movies 2026-11-02 03.04.05.png'],
    ['映画の部屋', '映画の部屋 2026-11-02 03.04.05.png'],
    ['a/b\\c: "d" <e>|f?*', 'a b c d e f 2026-11-02 03.04.05.png'],
    ['../..', 'Turtus 2026-11-02 03.04.05.png'],
    ['gnp.\u202eexe', 'gnp. exe 2026-11-02 03.04.05.png'],
    ['', 'Turtus 2026-11-02 03.04.05.png'],
    ['x'.repeat(300), `${'x'.repeat(80)} 2026-11-02 03.04.05.png`],
  ])('of %j is one that every file system takes', (room, name) => expect(pictureName(room, time)).toBe(name));
});

describe('a saved picture', () => {
  const video = document.createElement('video');
  let clicked: HTMLAnchorElement[];
  const drawn = vi.fn();
  beforeEach(() => {
    clicked = [];
    Object.defineProperties(video, { videoWidth: { value: 1280, configurable: true }, videoHeight: { value: 720, configurable: true } });
    vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue({ drawImage: drawn } as never);
    vi.spyOn(HTMLCanvasElement.prototype, 'toBlob').mockImplementation(function (this: HTMLCanvasElement, done) {
      done(new Blob([`${this.width}x${this.height}`], { type: 'image/png' }));
    });
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      clicked.push(this);
    });
    Object.assign(URL, { createObjectURL: (file: File) => `blob:${file.name}`, revokeObjectURL: () => undefined });
  });
  afterEach(() => {
    for (const name of ['share', 'canShare']) Reflect.deleteProperty(navigator, name);
  });

  it('is a file in the size of the picture', async () => {
    await savePicture(video, 'Movies', false);
    expect(drawn).toHaveBeenLastCalledWith(video, 0, 0);
    expect(clicked.map((link) => link.download)).toEqual([expect.stringMatching(/^Movies .*\.png$/)]);
  });

  it('goes where the person chooses on a phone', async () => {
    const shared: ShareData[] = [];
    Object.assign(navigator, { canShare: () => true, share: (data: ShareData) => (shared.push(data), Promise.resolve()) });
    await savePicture(video, 'Movies', true);
    expect(shared[0]?.files?.[0]).toMatchObject({ name: expect.stringMatching(/^Movies .*\.png$/) as string, type: 'image/png', size: '1280x720'.length });
    expect(clicked).toEqual([]);
  });

  it('is nothing when they close the sheet again, and a file where sharing is refused', async () => {
    const share = vi.fn(() => Promise.reject(new DOMException('', 'AbortError')));
    Object.assign(navigator, { canShare: () => true, share });
    await savePicture(video, 'Movies', true);
    expect(clicked).toEqual([]);
    share.mockImplementation(() => Promise.reject(new DOMException('', 'NotAllowedError')));
    await savePicture(video, 'Movies', true);
    expect(clicked).toHaveLength(1);
  });

  it('fails where there is none', async () => {
    Object.defineProperty(video, 'videoWidth', { value: 0 });
    await expect(savePicture(video, 'Movies', false)).rejects.toThrow();
  });
});
