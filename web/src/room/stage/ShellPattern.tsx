import classes from './Stage.module.css';

/** The scutes of a turtle's shell, faint, behind the words. */
export function ShellPattern() {
  return (
    <svg className={classes.shell} aria-hidden preserveAspectRatio="xMidYMid slice" viewBox="0 0 640 360">
      <defs>
        <pattern id="scutes" width="84" height="145.5" patternUnits="userSpaceOnUse" patternTransform="translate(-8 -20)">
          <path d="M42 0v24.250L84 48.500v48.500L42 121.25 0 97V48.500L42 24.250M42 121.250v24.250M0 48.50 0 48.500M84 97l0 0" fill="none" stroke="rgba(140, 220, 185, 0.13)" strokeWidth="1.2" />
        </pattern>
        <radialGradient id="fade" cx="50%" cy="46%" r="62%">
          <stop offset="0.35" stopColor="#fff" stopOpacity="0" />
          <stop offset="1" stopColor="#fff" stopOpacity="1" />
        </radialGradient>
        <mask id="edges">
          <rect width="640" height="360" fill="url(#fade)" />
        </mask>
      </defs>
      <rect width="640" height="360" fill="url(#scutes)" mask="url(#edges)" />
    </svg>
  );
}
