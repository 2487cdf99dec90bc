import { expect, it } from 'vitest';
import { watchVisibility } from './visibility';

/** A page that a test puts in the background. */
class FakePage extends EventTarget {
  hidden = false;
  pictureInPictureElement: unknown = null;
  become(change: { hidden?: boolean; pictureInPictureElement?: unknown }, event: string): void {
    Object.assign(this, change);
    this.dispatchEvent(new Event(event));
  }
}

it('says when nobody sees the page, which a picture in its own window is not', () => {
  const page = new FakePage();
  const said: boolean[] = [];
  const end = watchVisibility((hidden) => said.push(hidden), page as unknown as Document);
  page.become({ hidden: true }, 'visibilitychange');
  page.become({ pictureInPictureElement: {} }, 'enterpictureinpicture');
  page.become({ pictureInPictureElement: null }, 'leavepictureinpicture');
  page.become({ hidden: false }, 'visibilitychange');
  end();
  page.become({ hidden: true }, 'visibilitychange');
  expect(said).toEqual([false, true, false, true, false]);
});
