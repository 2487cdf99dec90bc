/** An address suggested from a title: "Amélie, part 2!" is amelie-part-2. Empty when nothing of it can stand in one. */
export function suggestSlug(title: string): string {
  const slug = title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/['’]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 48)
    .replace(/^-+|-+$/g, '');
  return slug.length >= 3 ? slug : '';
}
