import { TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { keys } from '@/api/queries';
import type { PublicPerson } from '@/api/types';
import { Confirm } from '@/ui/Confirm';
import { useRoom } from '../context';
import type { Asked } from './Questions';

interface Props {
  asked: Asked;
  opened: boolean;
  person: PublicPerson;
  onClose: () => void;
}

/** Asks before something is done about somebody that is hard on them. */
export function PersonQuestion({ asked, opened, person, onClose }: Props) {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const room = useRoom((live) => live.room?.id ?? '');
  const [reason, setReason] = useState('');
  // It opens after it was built: only then it notes where the focus was.
  const [shown, setShown] = useState(false);
  useEffect(() => setShown(opened), [opened]);
  const { id: personId, displayName: name } = person;
  const words = {
    remove: { title: t('people.removeTitle', { name }), text: t('people.removeText'), does: t('people.remove'), done: t('people.removed', { name }) },
    ban: { title: t('moderation.banTitle', { name }), text: t('moderation.banText'), does: t('moderation.ban'), done: t('moderation.banned', { name }) },
    handOver: { title: t('people.handOverTitle', { name }), text: t('people.handOverText'), does: t('people.handOverDo'), done: t('people.handedOver', { name }) },
  }[asked];
  const act = useMutation({
    mutationFn: async (): Promise<void> => {
      const path = { room, personId };
      if (asked === 'remove') await unwrap(api.DELETE('/rooms/{room}/members/{personId}', { params: { path } }));
      else if (asked === 'ban') await unwrap(api.POST('/rooms/{room}/bans', { params: { path: { room } }, body: { person: personId, reason: reason.trim() } }));
      else await unwrap(api.PUT('/rooms/{room}/owner', { params: { path: { room } }, body: { person: personId } }));
    },
    onSuccess: () => {
      onClose();
      setReason('');
      notifications.show({ message: words.done, color: 'turtle' });
      for (const queryKey of [keys.members(room), keys.bans(room)]) void queries.invalidateQueries({ queryKey });
    },
  });
  const close = (): void => {
    onClose();
    act.reset();
  };
  return (
    <Confirm opened={shown} onClose={close} title={words.title} text={words.text} does={words.does} pending={act.isPending} error={act.error} onConfirm={() => act.mutate()} testId={asked === 'handOver' ? 'hand-over' : asked}>
      {asked === 'ban' && <TextInput label={t('moderation.reason')} description={t('moderation.reasonHint')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={200} data-testid="ban-reason" />}
    </Confirm>
  );
}
