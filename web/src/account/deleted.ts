/** What the welcome page is told when one comes to it by deleting the account. */
export const accountDeleted = { accountDeleted: true } as const;

export const isAccountDeleted = (state: unknown): boolean => typeof state === 'object' && state !== null && 'accountDeleted' in state;
