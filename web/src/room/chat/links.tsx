import type { ReactNode } from 'react';

const link = /\bhttps?:\/\/[^\s<>"']+/gi;

/** Text with its links clickable. What ends a sentence does not belong to the link; a bracket does when it was opened in it. */
export function withLinks(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(link)) {
    const url = trimmed(match[0]);
    if (!isSafe(url)) continue;
    if (match.index > end) parts.push(text.slice(end, match.index));
    parts.push(
      <a key={match.index} href={url} target="_blank" rel="noopener noreferrer nofollow ugc">
        {url}
      </a>,
    );
    end = match.index + url.length;
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}

function trimmed(url: string): string {
  let result = url.replace(/[.,;:!?…]+$/, '');
  while (result.endsWith(')') && result.split(')').length > result.split('(').length) result = result.slice(0, -1).replace(/[.,;:!?…]+$/, '');
  return result;
}

function isSafe(url: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(url).protocol);
  } catch {
    return false;
  }
}
