import type { Role } from '@/api/types';

const ranks: Readonly<Record<Role, number>> = { owner: 4, moderator: 3, member: 2, guest: 1 };

/** Whether somebody of one role is shown what can be done about somebody of another: moderators about those below, the owner about all. */
export const mayActOn = (own: Role, other: Role): boolean => ranks[own] >= ranks.moderator && ranks[own] > ranks[other];
