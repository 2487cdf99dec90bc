/** What a person types for a start page as the contract wants it: "example.org" is meant as https. */
export function withScheme(typed: string): string {
  const text = typed.trim();
  return text === '' || /^(https?:\/\/|about:blank$)/i.test(text) ? text : `https://${text}`;
}
