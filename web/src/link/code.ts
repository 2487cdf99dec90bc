/** The signs of a link code: none looks like another. */
export const signs = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';
export const codeLength = 8;

/** What was typed or scanned, without what no code has. */
export const codeOf = (typed: string): string => Array.from(typed.toUpperCase()).filter((sign) => signs.includes(sign)).join('').slice(0, codeLength);

/** As people read it: XXXX-XXXX. */
export const shown = (code: string): string => (code.length > codeLength / 2 ? `${code.slice(0, codeLength / 2)}-${code.slice(codeLength / 2)}` : code);
