/** What a person types for a start page as the contract wants it: "example.org" is meant as https. */
export function withScheme(typed: string): string {
  const text = typed.trim();
  if (text === '' || text.toLowerCase() === 'about:blank') return text.toLowerCase();
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text.replace(/^[^:]+/, (scheme) => scheme.toLowerCase()) : `https://${text}`;
}
