import { Suspense, useState } from 'react';
import { later } from './later';
import type { ModalProps } from './Modal';

const Modal = later(() => import('./Modal'));

/** A dialog whose script comes when it is first opened; after that it stays, for its way out. */
export function Dialog(props: ModalProps) {
  const [wanted, setWanted] = useState(props.opened);
  if (props.opened && !wanted) setWanted(true);
  return wanted && (
    <Suspense>
      <Modal {...props} />
    </Suspense>
  );
}
