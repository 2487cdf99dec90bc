import { Menu, Popover, type FloatingPosition, type PopoverDropdownProps, type PopoverWidth } from '@mantine/core';
import { assignRef } from '@mantine/hooks';
import { useLayoutEffect, type ReactNode, type Ref } from 'react';
import { useBuilt } from './useBuilt';

export interface FloatingProps {
  kind: 'menu' | 'dialog';
  /** The button's; what opens is named by it. */
  id: string;
  target: HTMLElement;
  opened: boolean;
  onChange: (opened: boolean) => void;
  position: FloatingPosition;
  width?: PopoverWidth;
  trapFocus?: boolean;
  dropdown?: Pick<PopoverDropdownProps, 'className' | 'p' | 'aria-label'>;
  children: ReactNode;
}

/** What a Dropdown opens. */
export default function Floating({ kind, target, opened, trapFocus = true, dropdown, children, ...others }: FloatingProps) {
  const built = useBuilt();
  const open = opened && built;
  if (kind === 'menu') {
    return (
      <Menu opened={open} {...others}>
        <Menu.Target>
          <Elsewhere element={target} />
        </Menu.Target>
        <Menu.Dropdown {...dropdown}>{children}</Menu.Dropdown>
      </Menu>
    );
  }
  return (
    <Popover opened={open} trapFocus={trapFocus} returnFocus={trapFocus} {...others}>
      <Popover.Target>
        <Elsewhere element={target} />
      </Popover.Target>
      <Popover.Dropdown {...dropdown}>{children}</Popover.Dropdown>
    </Popover>
  );
}

/** Stands for the button, which has its place in the page already. */
function Elsewhere({ element, ref }: { element: HTMLElement; ref?: Ref<HTMLElement | null> }) {
  useLayoutEffect(() => {
    assignRef(ref, element);
    return () => void assignRef(ref, null);
  }, [element, ref]);
  return null;
}
