import { Button, CloseButton, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '@/account/session';
import type { SuggestedLink } from '@/api/types';
import { useSettled } from '@/ui/useSettled';
import { useHolds, useMay, useRoom, useRoomSession } from '../context';
import classes from './Links.module.css';

/** Over the picture: the first link that others suggest, until it is opened or put away. */
export function LinkCard() {
  const { t } = useTranslation();
  const account = useSession();
  const links = useRoom((room) => room.links.suggested);
  const [away, setAway] = useState<readonly string[]>([]);
  const link = links.find(({ id, person }) => !away.includes(id) && person.id !== account.person?.id);
  if (!link) return null;
  return (
    <div className={classes.card} data-over-stage data-testid="link-card">
      <CloseButton size={36} className={classes.close} aria-label={t('links.putAway')} onClick={() => setAway([...away, link.id])} />
      <Suggested link={link} />
    </div>
  );
}

/** A suggested link, and what one may do with it. */
export function Suggested({ link }: { link: SuggestedLink }) {
  const { t } = useTranslation();
  const session = useRoomSession();
  const account = useSession();
  const { needed, free } = useRoom((room) => ({ needed: room.links.needed, free: room.control.holder === undefined }));
  const holds = useHolds();
  const navigate = useMay('navigate');
  const control = useMay('control');
  const moderate = useMay('moderate');
  const write = useMay('chat');
  const opens = navigate && (holds || (free && control));
  const own = link.person.id === account.person?.id;
  const settled = useSettled(link.id);
  // A vote that came when it was enough, but could not open, is given once more.
  const again = link.voters.length >= needed;
  const ask = (type: 'link.open' | 'link.vote' | 'link.withdraw'): void => {
    if (settled) void session.ask(type, { id: link.id });
  };
  const voted = account.person !== null && link.voters.includes(account.person.id);
  return (
    <div className={classes.link} role="group" aria-label={t('links.by', { name: link.person.displayName })} data-testid="link">
      <Text fz="sm" fw={600} role="status">
        {t('links.by', { name: link.person.displayName })}
      </Text>
      <Text fz="sm" c="dimmed" lineClamp={2} className={classes.url} title={link.url}>
        {link.url}
      </Text>
      <Group gap={8}>
        {opens && (
          <Button size="sm" aria-disabled={!settled} onClick={() => ask('link.open')} data-testid="link-open">
            {t('links.open')}
          </Button>
        )}
        {write && navigate && control && (!voted || again) && (
          <Button size="sm" variant="default" aria-disabled={!settled} onClick={() => ask('link.vote')} data-testid="link-vote">
            {t('links.vote')}
          </Button>
        )}
        {(own || opens || moderate) && (
          <Button size="sm" variant="subtle" color="gray" aria-disabled={!settled} onClick={() => ask('link.withdraw')} data-testid="link-withdraw">
            {t('links.withdraw')}
          </Button>
        )}
        <Text fz="sm" c="dimmed">
          {t('links.votes', { count: link.voters.length, needed })}
        </Text>
      </Group>
    </div>
  );
}
