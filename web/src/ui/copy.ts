interface Device {
  clipboard?: Clipboard;
  userActivation?: UserActivation;
}

/** Copies a text without a click, where the person has just done something here and the browser lets it pass. */
export async function copyQuietly(text: string): Promise<boolean> {
  const { clipboard, userActivation } = navigator as Device;
  if (!clipboard || userActivation?.isActive === false || !document.hasFocus()) return false;
  return clipboard.writeText(text).then(
    () => true,
    () => false,
  );
}

/** What is on the person's clipboard; null where the page may not read it. Browsers may ask the person first. */
export async function readClipboard(): Promise<string | null> {
  const { clipboard } = navigator as Device;
  // Firefox had the clipboard long before it let pages read it.
  const read = (clipboard as Partial<Clipboard> | undefined)?.readText;
  if (!clipboard || !read) return null;
  return read.call(clipboard).catch(() => null);
}

/** Copies a text; over plain HTTP, where a page has no clipboard, by a selection. */
export async function copyText(text: string): Promise<boolean> {
  const { clipboard } = navigator as Device;
  try {
    if (clipboard) {
      await clipboard.writeText(text);
      return true;
    }
  } catch {
    // Not allowed: try the old way.
  }
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  // Inside a dialog, whose focus trap would take the selection away elsewhere.
  (document.activeElement?.parentElement ?? document.body).append(area);
  area.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way over plain HTTP
  const copied = document.execCommand('copy');
  area.remove();
  return copied;
}
