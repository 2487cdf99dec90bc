import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useApi, useSession } from '@/account/session';
import { unwrap } from '@/api/client';
import { keys } from '@/api/queries';
import type { Room } from '@/api/types';
import { Confirm } from '@/ui/Confirm';
import classes from './Settings.module.css';

/** Being no member any more. */
export function QuitRoom({ room }: { room: Room }) {
  const { t } = useTranslation();
  const api = useApi();
  const account = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [opened, { open, close }] = useDisclosure(false);
  const personId = account.status === 'signedIn' ? account.person.id : '';
  const quit = useMutation({
    mutationFn: () => unwrap(api.DELETE('/rooms/{room}/members/{personId}', { params: { path: { room: room.id, personId } } })),
    onSuccess: async () => {
      void queries.invalidateQueries({ queryKey: keys.rooms });
      await navigate('/rooms');
    },
  });
  return (
    <div className={classes.section}>
      <Button variant="subtle" color="gray" onClick={open} data-testid="quit-room">
        {t('settings.quit')}
      </Button>
      <Confirm opened={opened} onClose={close} title={t('settings.quitTitle', { title: room.title })} text={t('settings.quitText')} does={t('settings.quitDo')} pending={quit.isPending} error={quit.error} onConfirm={() => quit.mutate()} testId="quit" />
    </div>
  );
}
