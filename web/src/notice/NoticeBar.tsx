import { ActionIcon } from '@mantine/core';
import { IconAlertTriangle, IconInfoCircle, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { useApi } from '@/account/session';
import { serverQuery } from '@/api/queries';
import { useReached } from '@/ui/useNow';
import { remembered } from '@/ui/remembered';
import classes from './Notice.module.css';

/** The last notice that was dismissed on this device. */
export const dismissed = remembered<{ id: string }>('turtus.notice', (stored) => ({ id: typeof stored.id === 'string' ? stored.id : '' }));

/** Pages in a room are told by the hub at once; the others look. */
const lookEvery = 30_000;

/** What the administrator tells everybody, above every page until it is over or dismissed. */
export function NoticeBar() {
  const { t } = useTranslation();
  const { data } = useQuery({ ...serverQuery(useApi()), refetchInterval: lookEvery });
  const gone = useStore(dismissed, (state) => state.id);
  const notice = data?.notice;
  const over = useReached(notice?.expiresAt === undefined ? undefined : Date.parse(notice.expiresAt), 0);
  const shown = notice !== undefined && notice.id !== gone && !over;
  const warning = notice?.level === 'warning';
  const Icon = warning ? IconAlertTriangle : IconInfoCircle;
  // The live region is there before it has words, or nobody would hear them.
  return (
    <div role="status" aria-live={warning ? 'assertive' : 'polite'}>
      {shown && (
        <div className={classes.bar} data-level={notice.level} data-testid="notice">
          <Icon size={20} className={classes.icon} aria-hidden />
          <p>{notice.text}</p>
          <ActionIcon aria-label={t('admin.notice.dismiss')} onClick={() => dismissed.setState({ id: notice.id })} data-testid="notice-dismiss">
            <IconX size={18} />
          </ActionIcon>
        </div>
      )}
    </div>
  );
}
