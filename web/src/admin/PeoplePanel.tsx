import { ActionIcon, Badge, Button, Group, Menu, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconCheck, IconCopy, IconDots } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { Confirm } from '@/ui/Confirm';
import { copyText } from '@/ui/copy';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { Listing, SearchField, useSearch } from './Listing';
import { adminKeys, peopleQuery, type ManagedPerson, type Which } from './queries';
import { useTimes } from './times';
import classes from './Admin.module.css';

const acts = ['reset', 'promote', 'demote', 'enable', 'disable'] as const;
type Act = (typeof acts)[number];
const kinds: readonly Which[] = ['', 'account', 'guest', 'administrator', 'disabled'];

/** Everybody: who they are, when they were here, and what may be done about them. */
export function PeoplePanel() {
  const { t } = useTranslation();
  const { day } = useTimes();
  const { typed, setTyped, search } = useSearch();
  const [which, setWhich] = useState<Which>('');
  const [asked, setAsked] = useState<{ act: Act; person: ManagedPerson } | null>(null);
  const list = useInfiniteQuery(peopleQuery(useApi(), search, which));
  return (
    <>
      <Group mb="lg" gap="sm">
        <SearchField label={t('admin.people.search')} value={typed} onChange={setTyped} testId="people-search" />
        <Select
          aria-label={t('admin.people.which')}
          data={kinds.map((value) => ({ value, label: t(`admin.people.kinds.${value === '' ? 'all' : value}`) }))}
          value={which}
          onChange={(value) => setWhich(kinds.find((kind) => kind === value) ?? '')}
          allowDeselect={false}
          size="md"
          w={190}
          data-testid="people-which"
        />
      </Group>
      <Listing
        name={t('admin.tabs.people')}
        testId="people"
        rows={list.data?.pages.flatMap((page) => page.people) ?? []}
        keyOf={({ person }) => person.id}
        pending={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t('admin.people.none')}
        more={{ there: list.hasNextPage, busy: list.isFetchingNextPage, load: () => void list.fetchNextPage() }}
        columns={[
          { label: t('admin.people.name'), show: (row) => <Who row={row} /> },
          { label: t('admin.people.made'), figure: true, show: ({ person }) => day(person.createdAt) },
          { label: t('admin.people.seen'), figure: true, show: ({ seenAt }) => day(seenAt) },
          { label: t('admin.people.rooms'), figure: true, show: ({ roomsOwned }) => roomsOwned },
          { label: '', show: (row) => <Actions row={row} onAsk={(act) => setAsked({ act, person: row })} /> },
        ]}
      />
      {asked?.act === 'reset' ? <Reset person={asked.person} onClose={() => setAsked(null)} /> : asked && <Ask act={asked.act} person={asked.person} onClose={() => setAsked(null)} />}
    </>
  );
}

function Who({ row: { person, disabledAt } }: { row: ManagedPerson }) {
  const { t } = useTranslation();
  return (
    <Group gap="sm" wrap="nowrap">
      <PersonAvatar person={person} size={36} />
      <div>
        <Group gap={8}>
          <Text component="span" fw={600}>
            {person.displayName}
          </Text>
          {person.administrator && <Badge variant="light">{t('account.administrator')}</Badge>}
          {person.kind === 'guest' && (
            <Badge variant="light" color="gray">
              {t('roles.guest')}
            </Badge>
          )}
          {disabledAt !== undefined && (
            <Badge variant="light" color="red">
              {t('admin.people.disabled')}
            </Badge>
          )}
        </Group>
        {person.username !== undefined && <span className={classes.sub}>{person.username}</span>}
      </div>
    </Group>
  );
}

function Actions({ row, onAsk }: { row: ManagedPerson; onAsk: (act: Act) => void }) {
  const { t } = useTranslation();
  const { person, disabledAt } = row;
  const account = person.kind === 'account';
  const may: Record<Act, boolean> = { disable: disabledAt === undefined, enable: disabledAt !== undefined, promote: account && !person.administrator, demote: person.administrator, reset: account && disabledAt === undefined };
  return (
    <Menu position="bottom-end" width={250}>
      <Menu.Target>
        <ActionIcon aria-label={t('admin.people.menu', { name: person.displayName })} data-testid="person-actions">
          <IconDots size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {acts
          .filter((act) => may[act])
          .map((act) => (
            <Menu.Item key={act} color={act === 'disable' ? 'red' : undefined} onClick={() => onAsk(act)} data-testid={`person-${act}`}>
              {t(`admin.people.${act}`)}
            </Menu.Item>
          ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Ask({ act, person: { person }, onClose }: { act: Exclude<Act, 'reset'>; person: ManagedPerson; onClose: () => void }) {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const body = { disable: { disabled: true }, enable: { disabled: false }, promote: { administrator: true }, demote: { administrator: false } }[act];
  const change = useMutation({
    mutationFn: () => unwrap(api.PATCH('/admin/people/{personId}', { params: { path: { personId: person.id } }, body })),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: adminKeys.people });
    },
  });
  return (
    <Confirm
      opened
      onClose={onClose}
      title={t(`admin.people.${act}`)}
      text={t(`admin.people.${act}Text`, { name: person.displayName })}
      does={t(`admin.people.${act}`)}
      pending={change.isPending}
      error={change.error}
      onConfirm={() => change.mutate()}
      harmless={act === 'enable' || act === 'promote'}
      testId="person-confirm"
    />
  );
}

function Reset({ person: { person }, onClose }: { person: ManagedPerson; onClose: () => void }) {
  const { t } = useTranslation();
  const api = useApi();
  const { moment } = useTimes();
  const [copied, setCopied] = useState(false);
  const make = useMutation({ mutationFn: () => unwrap(api.POST('/admin/people/{personId}/password-reset', { params: { path: { personId: person.id } } })) });
  if (make.data === undefined) {
    return (
      <Confirm opened onClose={onClose} title={t('admin.people.reset')} text={t('admin.people.resetText', { name: person.displayName })} does={t('admin.people.resetMake')} pending={make.isPending} error={make.error} onConfirm={() => make.mutate()} harmless testId="person-confirm" />
    );
  }
  const { url, expiresAt } = make.data;
  return (
    <Modal opened onClose={onClose} title={t('admin.people.reset')} closeButtonProps={{ 'aria-label': t('app.close') }}>
      <Stack>
        <Text c="dimmed">{t('admin.people.resetOnce', { name: person.displayName, until: moment(expiresAt) })}</Text>
        <TextInput aria-label={t('admin.people.reset')} value={url} readOnly onFocus={(event) => event.currentTarget.select()} data-testid="reset-link" />
        <Button leftSection={copied ? <IconCheck size={18} /> : <IconCopy size={18} />} onClick={() => void copyText(url).then(setCopied)} data-autofocus>
          {copied ? t('app.copied') : t('admin.copyLink')}
        </Button>
      </Stack>
    </Modal>
  );
}
