import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './Pointers.module.css';
import { pointing } from './preferences';

interface Props {
  /** Null when the finger is lifted. */
  onPoint: (at: { clientX: number; clientY: number } | null) => void;
}

/** Lies over the picture while a finger points: nothing that it does is a tap. */
export function Finger({ onPoint }: Props) {
  const { t } = useTranslation();
  const held = (event: React.PointerEvent): void => {
    if (event.isPrimary && event.buttons !== 0) onPoint(event);
  };
  const lifted = (event: React.PointerEvent): void => {
    if (event.isPrimary) onPoint(null);
  };
  return (
    <>
      <div className={classes.finger} data-over-stage data-testid="finger" onPointerDown={held} onPointerMove={held} onPointerUp={lifted} onPointerCancel={lifted} />
      <div className={classes.pointing} data-over-stage role="status">
        <span>{t('pointers.pointing')}</span>
        <Button radius="xl" onClick={() => pointing.setState({ on: false })} data-testid="pointing-done">
          {t('pointers.done')}
        </Button>
      </div>
    </>
  );
}
