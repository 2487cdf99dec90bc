export interface Size {
  width: number;
  height: number;
}

export interface Rect extends Size {
  left: number;
  top: number;
}

/** Where a picture of that size stands in a box that shows it whole (object-fit: contain). */
export function contentRect(box: Rect, picture: Size): Rect {
  if (picture.width <= 0 || picture.height <= 0 || box.width <= 0 || box.height <= 0) return box;
  const scale = Math.min(box.width / picture.width, box.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { left: box.left + (box.width - width) / 2, top: box.top + (box.height - height) / 2, width, height };
}

export interface ScreenPoint {
  x: number;
  y: number;
}

const most = 65_535;

/** A point of the page as 0 to 65535 of the screen; outside it is the nearest edge, so that a drag may leave the picture. */
export function toScreen(content: Rect, clientX: number, clientY: number): ScreenPoint {
  const part = (value: number, start: number, length: number): number => Math.round(Math.min(1, Math.max(0, (value - start) / (length || 1))) * most);
  return { x: part(clientX, content.left, content.width), y: part(clientY, content.top, content.height) };
}

export function inside(content: Rect, clientX: number, clientY: number): boolean {
  return clientX >= content.left && clientX <= content.left + content.width && clientY >= content.top && clientY <= content.top + content.height;
}

/** The way back: where in the page a point of the screen is. */
export function fromScreen(content: Rect, point: ScreenPoint): { left: number; top: number } {
  return { left: content.left + (point.x / most) * content.width, top: content.top + (point.y / most) * content.height };
}
