import { cloneElement, type ReactElement } from 'react';

interface Props {
  label: string;
  disabled?: boolean;
  children: ReactElement<{ 'data-tip'?: string | undefined }>;
}

/** What a control is for, told when the mouse rests on it. The page has one bubble for all of them (Tips), which comes when it is idle. */
export function Tooltip({ label, disabled = false, children, ...given }: Props) {
  return cloneElement(children, { ...given, 'data-tip': disabled ? undefined : label });
}
