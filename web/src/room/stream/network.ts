/** What Chromium on phones says of the network; elsewhere it is missing, or has no type. */
interface NetworkInformation extends EventTarget {
  type?: string;
}

/** Calls back when the machine is in another network, as far as the browser says so; returns how to stop. */
export function watchNetwork(changed: () => void, target: Window = window): () => void {
  const { connection } = target.navigator as Navigator & { connection?: NetworkInformation };
  let type = connection?.type;
  // Its event also tells of estimates of the speed, which mean nothing here.
  const typeChanged = (): void => {
    if (connection?.type === type) return;
    type = connection?.type;
    if (type !== 'none') changed();
  };
  target.addEventListener('online', changed);
  connection?.addEventListener('change', typeChanged);
  return () => {
    target.removeEventListener('online', changed);
    connection?.removeEventListener('change', typeChanged);
  };
}
