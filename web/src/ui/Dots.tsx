/** Something comes. index.html shows the same before there is a script. */
export function Dots({ label }: { label?: string }) {
  return (
    <svg className="dots" width="43" height="9" {...(label === undefined ? { 'aria-hidden': true } : { role: 'status', 'aria-label': label })}>
      <circle cx="4.5" cy="4.5" r="4.5" />
      <circle cx="21.5" cy="4.5" r="4.5" />
      <circle cx="38.5" cy="4.5" r="4.5" />
    </svg>
  );
}
