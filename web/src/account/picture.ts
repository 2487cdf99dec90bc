const side = 256;
const most = 256 * 1024;

/** The middle square of a picture, small enough for the contract (WebP or PNG of at most 256 KiB). */
export async function smallSquare(file: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  const edge = Math.min(bitmap.width, bitmap.height);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = side;
  const context = canvas.getContext('2d');
  if (!context || edge === 0) throw new Error('no picture');
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, (bitmap.width - edge) / 2, (bitmap.height - edge) / 2, edge, edge, 0, 0, side, side);
  bitmap.close();
  for (const [type, quality] of [['image/webp', 0.9], ['image/jpeg', 0.85]] as const) {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, quality));
    if (blob?.type === type && blob.size <= most) return blob;
  }
  throw new Error('too large');
}
