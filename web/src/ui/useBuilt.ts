import { useEffect, useState } from 'react';

/** False at first, for what comes late and is to be open: Mantine's dialogs and menus note where the focus was when they open, and so must have been closed. */
export function useBuilt(): boolean {
  const [built, setBuilt] = useState(false);
  useEffect(() => setBuilt(true), []);
  return built;
}
