import { useMergedRef } from '@mantine/hooks';
import { cloneElement, Suspense, useId, useState, type ReactElement, type ReactNode, type Ref } from 'react';
import type { FloatingProps } from './Floating';
import { later } from './later';

const Floating = later(() => import('./Floating'));

type Look = Pick<FloatingProps, 'position' | 'width' | 'trapFocus' | 'dropdown'>;

interface Props extends Look {
  kind: FloatingProps['kind'];
  /** Stays as it is when the rest comes. */
  button: ReactElement<Record<string, unknown>>;
  /** What opens: itself a component for later, where it is more than a few words. */
  children: ReactNode;
  /** Where others open it too. */
  opened?: boolean;
  onChange?: (opened: boolean) => void;
  /** The button's. */
  ref?: Ref<HTMLElement>;
}

/** A button with a menu or a small dialog, whose script comes when it is first opened. */
export function Dropdown({ kind, button, children, opened: given, onChange, ref, ...look }: Props) {
  const id = useId();
  const [own, setOwn] = useState(false);
  const [target, setTarget] = useState<HTMLElement | null>(null);
  const targetRef = useMergedRef(ref, setTarget);
  const opened = given ?? own;
  const [wanted, setWanted] = useState(opened);
  if (opened && !wanted) setWanted(true);
  const change = (next: boolean): void => {
    setOwn(next);
    onChange?.(next);
  };
  return (
    <>
      {cloneElement(button, {
        onClick: () => change(!opened),
        ...button.props,
        ref: targetRef,
        id,
        'aria-haspopup': kind,
        'aria-expanded': opened,
        'aria-controls': opened ? `${id}-dropdown` : undefined,
      })}
      {wanted && target && (
        <Suspense>
          <Floating kind={kind} id={id} target={target} opened={opened} onChange={change} {...look}>
            {children}
          </Floating>
        </Suspense>
      )}
    </>
  );
}
