import { qrCode } from './qr';

/** A code to scan, dark on light in both themes, with the quiet zone that readers need; nothing where the text is too long for one. */
export function QrCode({ text, label, size = 200 }: { text: string; label: string; size?: number }) {
  const modules = qrCode(text);
  if (modules === null) return null;
  const quiet = 4;
  const side = modules.length + 2 * quiet;
  const path = modules.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + quiet} ${y + quiet}h1v1h-1z` : ''))).join('');
  return (
    <svg role="img" aria-label={label} width={size} height={size} viewBox={`0 0 ${side} ${side}`} shapeRendering="crispEdges" style={{ borderRadius: 12 }} data-testid="qr" data-text={text}>
      <rect width={side} height={side} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
