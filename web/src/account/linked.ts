import { useEffect, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';

/** What a link has after its #name=: the server never sees it, and it does not stay in the address, nor in the browser's history. */
export function useLinked(name: string): string {
  const { hash, search } = useLocation();
  const navigate = useNavigate();
  const [kept, setKept] = useState('');
  const inAddress = hash.startsWith(`#${name}=`) ? hash.slice(name.length + 2).split('&')[0]?.trim() ?? '' : '';
  if (inAddress !== '' && inAddress !== kept) setKept(inAddress);
  useEffect(() => {
    if (inAddress !== '') void navigate({ search, hash: '' }, { replace: true });
  }, [inAddress, search, navigate]);
  return kept;
}
