/**
 * Tells whether nobody sees the page: another tab is in front, the window is away or the phone is locked (Page Visibility).
 * A picture that stands in a window of its own (Picture-in-Picture) is seen all the same.
 */
export function watchVisibility(say: (hidden: boolean) => void, page: Document = document): () => void {
  const look = (): void => say(page.hidden && !page.pictureInPictureElement);
  const events = ['visibilitychange', 'enterpictureinpicture', 'leavepictureinpicture'];
  for (const event of events) page.addEventListener(event, look);
  look();
  return () => {
    for (const event of events) page.removeEventListener(event, look);
  };
}
