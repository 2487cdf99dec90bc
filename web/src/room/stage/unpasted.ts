import type { Pasted } from '../stream/InputSender';

/** The error that tells why nothing was pasted. */
export const unpasted = { tooLong: 'message_too_large', notDriving: 'not_driving', behind: 'input_behind' } as const satisfies Record<Exclude<Pasted, 'sent'>, string>;
