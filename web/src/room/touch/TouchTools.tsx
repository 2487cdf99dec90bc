import { ActionIcon, SegmentedControl } from '@mantine/core';
import { IconClipboardText, IconKeyboard, IconKeyboardHide } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { driveBy, useDriveBy } from '../preferences';
import classes from './Touch.module.css';

interface Props {
  typing: boolean;
  onTyping: (on: boolean) => void;
  onPaste: () => void;
}

/** What a hand without mouse and keyboard needs to drive. */
export default function TouchTools({ typing, onTyping, onPaste }: Props) {
  const { t } = useTranslation();
  const by = useDriveBy();
  const keyboard = t(typing ? 'touch.keyboardAway' : 'toolbar.keyboard');
  return (
    <div className={classes.tools} data-testid="touch-tools">
      <SegmentedControl
        size="sm"
        radius="xl"
        aria-label={t('touch.mode')}
        value={by}
        onChange={(next) => driveBy.setState({ by: next })}
        data={(['touch', 'trackpad'] as const).map((value) => ({ value, label: t(`touch.modes.${value}`) }))}
        data-testid="touch-mode"
      />
      <span className={classes.buttons}>
        <ActionIcon aria-label={keyboard} aria-pressed={typing} onClick={() => onTyping(!typing)} data-testid="phone-keyboard">
          {typing ? <IconKeyboardHide size={22} stroke={1.7} /> : <IconKeyboard size={22} stroke={1.7} />}
        </ActionIcon>
        <ActionIcon aria-label={t('toolbar.paste')} onClick={onPaste} data-testid="touch-paste">
          <IconClipboardText size={20} stroke={1.7} />
        </ActionIcon>
      </span>
    </div>
  );
}
