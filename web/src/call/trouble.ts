/** Why a microphone or camera does not work, as far as a person can do something about it. */
export type Trouble =
  /** The browser or the person said no. */
  | 'denied'
  /** There is none. */
  | 'missing'
  /** Another program has it. */
  | 'busy'
  /** It was pulled out, and nothing takes its place. */
  | 'unplugged'
  /** It was pulled out, and another one has taken its place. */
  | 'replaced'
  /** The system has silenced it, as for a telephone call. */
  | 'taken'
  /** Browsers give devices only to pages that come by HTTPS. */
  | 'insecure'
  | 'unknown';

export function troubleOf(error: unknown, secure: boolean): Trouble {
  if (!secure) return 'insecure';
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'unknown';
  }
}
