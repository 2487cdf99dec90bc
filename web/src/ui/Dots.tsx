/** Something comes. index.html shows the same before there is a script. */
export function Dots({ label }: { label?: string }) {
  return (
    <span className="dots" {...(label === undefined ? { 'aria-hidden': true } : { role: 'status', 'aria-label': label })}>
      <i />
      <i />
      <i />
    </span>
  );
}
