/** The picture as it is now, in its full size. */
export async function pictureOf(video: HTMLVideoElement): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext('2d');
  if (!context || canvas.width === 0) throw new Error('there is no picture');
  context.drawImage(video, 0, 0);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error('the picture was not encoded'))), 'image/png'));
}

/** A name that every file system takes: the room, the day and the time where the person is. */
export function pictureName(room: string, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join('.');
  const name = [...room.replaceAll(/[\p{Cc}\p{Cf}\s\\/:*?"<>|]+/gu, ' ').replace(/^[. ]+/, '')].slice(0, 80).join('').trim();
  return `${name || 'Turtus'} ${day} ${time}.png`;
}

/** Saves the picture as a file; on a phone by what the person chooses to do with one. */
export async function savePicture(video: HTMLVideoElement, room: string, touch: boolean): Promise<void> {
  const picture = await pictureOf(video);
  const file = new File([picture], pictureName(room, new Date()), { type: picture.type });
  if (touch && (navigator as Partial<Navigator>).canShare?.({ files: [file] })) {
    try {
      await navigator.share({ files: [file] });
      return;
    } catch (error) {
      // They closed the sheet again.
      if (error instanceof DOMException && error.name === 'AbortError') return;
    }
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  // After the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
