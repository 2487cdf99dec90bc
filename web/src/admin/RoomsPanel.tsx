import { ActionIcon, Anchor, Group } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { Confirm } from '@/ui/Confirm';
import { Tooltip } from '@/ui/Tooltip';
import { Listing, SearchField, useSearch } from './Listing';
import { adminKeys, allRoomsQuery, type ManagedRoom } from './queries';
import { useTimes } from './times';
import classes from './Admin.module.css';

/** All rooms, whoever they are for. What is said in them is not shown here. */
export function RoomsPanel() {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const { day } = useTimes();
  const { typed, setTyped, search } = useSearch();
  const [asked, setAsked] = useState<ManagedRoom | null>(null);
  const list = useInfiniteQuery(allRoomsQuery(api, search));
  const remove = useMutation({
    mutationFn: (room: string) => unwrap(api.DELETE('/rooms/{room}', { params: { path: { room } } })),
    onSuccess: async () => {
      setAsked(null);
      await queries.invalidateQueries({ queryKey: adminKeys.rooms });
    },
  });
  return (
    <>
      <Group mb="lg">
        <SearchField label={t('admin.rooms.search')} value={typed} onChange={setTyped} testId="rooms-search" />
      </Group>
      <Listing
        name={t('admin.tabs.rooms')}
        testId="rooms"
        rows={list.data?.pages.flatMap((page) => page.rooms) ?? []}
        keyOf={(room) => room.id}
        pending={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t('admin.rooms.none')}
        more={{ there: list.hasNextPage, busy: list.isFetchingNextPage, load: () => void list.fetchNextPage() }}
        columns={[
          {
            label: t('admin.rooms.room'),
            show: (room) => (
              <>
                <Anchor component={Link} to={`/r/${room.slug}`} fw={600} c="inherit">
                  {room.title}
                </Anchor>
                <br />
                <span className={classes.sub}>{t('admin.rooms.of', { name: room.owner.displayName })}</span>
              </>
            ),
          },
          { label: t('admin.rooms.privacy'), figure: true, show: (room) => t(`admin.rooms.privacies.${room.privacy}`) },
          { label: t('admin.rooms.now'), figure: true, show: (room) => room.people },
          { label: t('admin.rooms.members'), figure: true, show: (room) => room.members },
          { label: t('admin.rooms.browser'), figure: true, show: (room) => t(`browserState.${room.browserState}`) },
          { label: t('admin.rooms.used'), figure: true, show: (room) => day(room.usedAt) },
          {
            label: '',
            show: (room) => (
              <Tooltip label={t('admin.rooms.delete')}>
                <ActionIcon color="red" aria-label={t('admin.rooms.deleteNamed', { title: room.title })} onClick={() => setAsked(room)} data-testid="room-delete">
                  <IconTrash size={18} />
                </ActionIcon>
              </Tooltip>
            ),
          },
        ]}
      />
      <Confirm
        opened={asked !== null}
        onClose={() => {
          setAsked(null);
          remove.reset();
        }}
        title={t('admin.rooms.delete')}
        text={t('admin.rooms.deleteText', { title: asked?.title ?? '' })}
        does={t('admin.rooms.delete')}
        pending={remove.isPending}
        error={remove.error}
        onConfirm={() => asked && remove.mutate(asked.id)}
        testId="room-delete-ask"
      />
    </>
  );
}
