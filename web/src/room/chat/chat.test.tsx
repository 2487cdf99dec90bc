import { render, screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { aMessage, jon, mia } from '@/test/mockServer';
import { groups } from './lines';
import { withLinks } from './links';

describe('links in the chat', () => {
  it('are clickable, safe, and end where the sentence does not', () => {
    render(<p>{withLinks('See https://example.org/a_(b), then http://x.test/?q=1. javascript:alert(1) stays text')}</p>);
    const links = screen.getAllByRole<HTMLAnchorElement>('link');
    expect(links.map((link) => link.getAttribute('href'))).toEqual(['https://example.org/a_(b)', 'http://x.test/?q=1']);
    for (const link of links) {
      expect(link.rel).toContain('noopener');
      expect(link.target).toBe('_blank');
    }
  });
});

describe('lines of the chat', () => {
  const at = (day: number, minute: number): string => new Date(2026, 0, day, 12, minute).toISOString();
  it('keep together what one person says, and set days apart', () => {
    const lines = groups(
      [aMessage(1, { createdAt: at(1, 0) }), aMessage(2, { createdAt: at(1, 1) }), aMessage(3, { createdAt: at(1, 2), author: mia }), aMessage(4, { createdAt: at(2, 0), author: mia })],
      [{ key: 'k', text: 'soon', createdAt: at(2, 1), state: 'sending' }],
      mia,
    );
    expect(lines.map((line) => (line.kind === 'day' ? 'day' : `${line.author?.displayName ?? ''}${line.first ? '*' : ''}`))).toEqual(['day', 'Jon*', 'Jon', 'Mia*', 'day', 'Mia*', 'Mia']);
    expect(jon.displayName).toBe('Jon');
  });
});
