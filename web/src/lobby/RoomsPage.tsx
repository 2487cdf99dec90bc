import { Alert, Button, Group, SimpleGrid, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate } from 'react-router';
import { useApi, useSession } from '@/account/session';
import { roomsQuery, type RoomScope } from '@/api/queries';
import { Page } from '@/ui/Page';
import { TurtleMark } from '@/ui/TurtleMark';
import { later } from '@/ui/later';
import { useErrorText } from '@/ui/useErrorText';
import { RoomCard } from './RoomCard';
import classes from './Lobby.module.css';

const NewRoomDialog = later(() => import('./NewRoomDialog').then((m) => ({ default: m.NewRoomDialog })));

export function RoomsPage() {
  const { t } = useTranslation();
  const session = useSession();
  const [opened, { open, close }] = useDisclosure(false);
  const [wanted, setWanted] = useState(opened);
  if (opened && !wanted) setWanted(true);
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), 250);
  if (session.status !== 'signedIn') return <Navigate to="/" replace />;
  const guest = session.person.kind === 'guest';
  return (
    <Page>
      <Stack gap={48}>
        <TextInput type="search" aria-label={t('lobby.search')} placeholder={t('lobby.search')} leftSection={<IconSearch size={17} stroke={1.7} />} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} maxLength={80} maw={420} size="md" data-testid="room-search" />
        <RoomList scope="favourites" title={t('lobby.favourites')} search={search} onNew={null} />
        <RoomList scope="mine" title={t('lobby.mine')} search={search} onNew={guest ? null : open} />
        <RoomList scope="public" title={t('lobby.public')} search={search} onNew={null} />
      </Stack>
      <Suspense>{wanted && <NewRoomDialog opened={opened} onClose={close} />}</Suspense>
    </Page>
  );
}

function RoomList({ scope, title, search, onNew }: { scope: RoomScope; title: string; search: string; onNew: (() => void) | null }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const list = useInfiniteQuery(roomsQuery(useApi(), scope, search));
  // A room that begins to run between two pages stands on both.
  const rooms = [...new Map(list.data?.pages.flatMap((page) => page.rooms).map((room) => [room.id, room])).values()];
  const mine = scope === 'mine';
  // Who has starred nothing is not told so.
  if (scope === 'favourites' && rooms.length === 0) return null;
  return (
    <section aria-label={title}>
      <Group justify="space-between" mb="lg">
        <Title order={mine ? 1 : 2} fz={mine ? 32 : 22} lts="-0.02em">
          {title}
        </Title>
        {onNew && (rooms.length > 0 || search !== '') && (
          <Button leftSection={<IconPlus size={18} />} size="md" onClick={onNew} data-testid="new-room">
            {t('lobby.new')}
          </Button>
        )}
      </Group>
      {list.isPending && (
        <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md">
          {[0, 1, 2].map((key) => (
            <Skeleton key={key} h={168} radius={18} />
          ))}
        </SimpleGrid>
      )}
      {list.error && (
        <Alert color="red" role="alert">
          <Group justify="space-between">
            {errorText(list.error)}
            <Button size="xs" variant="light" color="red" onClick={() => void list.refetch()}>
              {t('app.tryAgain')}
            </Button>
          </Group>
        </Alert>
      )}
      {list.isSuccess && rooms.length === 0 && search !== '' && <Text c="dimmed">{t('lobby.noneFound')}</Text>}
      {list.isSuccess && rooms.length === 0 && search === '' && mine && (
        <div className={classes.empty}>
          <TurtleMark size={64} />
          <Text fw={650} fz="lg">
            {t('lobby.emptyMine')}
          </Text>
          <Text c="dimmed" maw={420}>
            {onNew ? t('lobby.emptyMineText') : t('lobby.emptyMineGuest')}
          </Text>
          {onNew && (
            <Button size="md" mt="xs" leftSection={<IconPlus size={18} />} onClick={onNew} data-testid="new-room">
              {t('lobby.new')}
            </Button>
          )}
        </div>
      )}
      {list.isSuccess && rooms.length === 0 && search === '' && !mine && <Text c="dimmed">{t('lobby.emptyPublicText')}</Text>}
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md">
        {rooms.map((room) => (
          <RoomCard key={room.id} room={room} />
        ))}
      </SimpleGrid>
      {list.hasNextPage && (
        <Group justify="center" mt="lg">
          <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t('app.more')}
          </Button>
        </Group>
      )}
    </section>
  );
}
