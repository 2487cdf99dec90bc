/**
 * Input frames as services/wire/input.go describes them; the vectors of services/wire/testdata/input.json hold for both.
 * All numbers are big-endian; x and y are 0 to 65535 of the screen.
 */
export type Input =
  | { op: 'move'; x: number; y: number; sequence: number }
  | { op: 'button'; button: number; down: boolean; x: number; y: number }
  | { op: 'wheel'; dx: number; dy: number; x: number; y: number }
  | { op: 'key'; keysym: number; down: boolean }
  | { op: 'release' };

const opcode = { move: 1, button: 2, wheel: 3, key: 4, release: 5, clipboard: 6, copy: 7 } as const;
const length = { move: 13, button: 11, wheel: 13, key: 10, release: 5 } as const;

/** One frame, for the control epoch that the page believes in. */
export function encodeInput(input: Input, epoch: number): ArrayBuffer {
  const frame = new DataView(new ArrayBuffer(length[input.op]));
  frame.setUint8(0, opcode[input.op]);
  frame.setUint32(1, epoch);
  switch (input.op) {
    case 'move':
      frame.setUint16(5, input.x);
      frame.setUint16(7, input.y);
      frame.setUint32(9, input.sequence);
      break;
    case 'button':
      frame.setUint8(5, input.button);
      frame.setUint8(6, input.down ? 1 : 0);
      frame.setUint16(7, input.x);
      frame.setUint16(9, input.y);
      break;
    case 'wheel':
      frame.setInt16(5, input.dx);
      frame.setInt16(7, input.dy);
      frame.setUint16(9, input.x);
      frame.setUint16(11, input.y);
      break;
    case 'key':
      frame.setUint32(5, input.keysym);
      frame.setUint8(9, input.down ? 1 : 0);
      break;
    case 'release':
      break;
  }
  return frame.buffer;
}

/** The longest text of a clipboard in bytes of UTF-8, both ways. */
export const maxClipboard = 49_152;

/** What the next paste in the browser shall bring; goes on the channel `input`, before the keys. Null: the text is too long. */
export function clipboardFrame(epoch: number, text: string): ArrayBuffer | null {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > maxClipboard) return null;
  const frame = new DataView(new ArrayBuffer(5 + bytes.length));
  frame.setUint8(0, opcode.clipboard);
  frame.setUint32(1, epoch);
  new Uint8Array(frame.buffer, 5).set(bytes);
  return frame.buffer;
}

/** The copy of a frame for the channel `pointer`, of that before which `number` others have gone on the channel `input`. Null: there are none of such a frame. */
export function copyFrame(frame: ArrayBuffer, number: number): ArrayBuffer | null {
  const from = new Uint8Array(frame);
  const [op = 0] = from;
  if (op < opcode.button || op > opcode.release) return null;
  const copy = new Uint8Array(frame.byteLength + 5);
  copy.set(from.subarray(0, 5));
  copy.set(from.subarray(5), 10);
  const view = new DataView(copy.buffer);
  view.setUint8(0, opcode.copy);
  view.setUint32(5, number);
  view.setUint8(9, op);
  return copy.buffer;
}
