interface Props {
  size?: number;
  title?: string;
}

/** The mark of Turtus: a small turtle with its house on its back. Drawn here, and again in public/turtus.svg for the tab. */
export function TurtleMark({ size = 32, title }: Props) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" role={title ? 'img' : undefined} aria-hidden={title ? undefined : true} aria-label={title}>
      <g fill="#7fdcb8">
        <ellipse cx="26.6" cy="13.4" rx="3.9" ry="3.3" />
        <ellipse cx="8.6" cy="23.6" rx="2.5" ry="3.4" transform="rotate(18 8.6 23.6)" />
        <ellipse cx="19.8" cy="23.9" rx="2.5" ry="3.4" transform="rotate(-14 19.8 23.9)" />
        <path d="M4.6 18.2 1 20.6l4.6 1.2z" />
      </g>
      <path d="M3.4 19.4C3.4 12 8.2 6.6 14.2 6.6S25 12 25 19.4c0 1.3-.9 2.2-2.2 2.2H5.6c-1.3 0-2.2-.9-2.2-2.2Z" fill="#1f9d74" />
      <path d="m14.2 9.8 4.3 2.6v4.8l-4.3 2.4-4.3-2.4v-4.8z" fill="#0e5d45" />
      <path d="M14.2 6.8v3M18.5 12.4l3.3-2M18.5 17.2l3 2.6M9.9 12.4l-3.3-2M9.9 17.2l-3 2.6" stroke="#0e5d45" strokeWidth="1.3" strokeLinecap="round" />
      <circle cx="27.8" cy="12.8" r=".85" fill="#0b2f24" />
    </svg>
  );
}
