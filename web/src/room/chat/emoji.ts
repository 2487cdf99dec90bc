/** What is at hand to react with, to a message and over the picture. */
export const atHand: readonly string[] = ['👍', '❤️', '😂', '🎉', '😮', '😢', '👏', '🐢'];
