import type { CursorEvent } from '@/api/types';

/** Browsers refuse cursors larger than this, and ignore those over 32 near the window's edge. */
const largest = 96;

/** A CSS cursor value for the agent's pointer picture, as large as the screen is shown. */
export async function cursorStyle(cursor: CursorEvent, scale: number, density: number): Promise<string> {
  if (cursor.png === '' || cursor.width === 0 || cursor.height === 0) return 'none';
  // Never so small that it can't be seen, even where the picture is shown small.
  const factor = Math.min(Math.max(scale, 0.75), 2, largest / Math.max(cursor.width, cursor.height));
  const width = Math.max(1, Math.round(cursor.width * factor));
  const height = Math.max(1, Math.round(cursor.height * factor));
  const hot = `${Math.min(width - 1, Math.round(cursor.hotX * factor))} ${Math.min(height - 1, Math.round(cursor.hotY * factor))}`;
  const source = `data:image/png;base64,${cursor.png}`;
  try {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    const context = canvas.getContext('2d');
    if (!context) return 'default';
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const sharp = `image-set(url(${canvas.toDataURL()}) ${density}x) ${hot}, default`;
    // An older browser takes a picture only in its own size.
    return CSS.supports('cursor', sharp) ? sharp : `url(${source}) ${cursor.hotX} ${cursor.hotY}, default`;
  } catch {
    return 'default';
  }
}
