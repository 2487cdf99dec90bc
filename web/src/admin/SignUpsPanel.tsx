import { ActionIcon, Alert, Button, Group, Loader, NumberInput, Radio, Select, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconCheck, IconCopy, IconTrash } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { keys } from '@/api/queries';
import { copyText } from '@/ui/copy';
import { Tooltip } from '@/ui/Tooltip';
import { useErrorText } from '@/ui/useErrorText';
import { Listing } from './Listing';
import { adminKeys, codesQuery, settingsQuery, type ServerSettings, type SettingsChosen, type SignUpCode, type SignUps } from './queries';
import { useTimes } from './times';
import classes from './Admin.module.css';

/** Who may make an account, and how much there may be of what. */
export function SignUpsPanel() {
  const { t } = useTranslation();
  const settings = useQuery(settingsQuery(useApi()));
  const errorText = useErrorText();
  if (settings.isPending) return <Loader type="dots" aria-label={t('app.loading')} />;
  if (settings.data === undefined) {
    return (
      <Alert color="red" role="alert">
        <Group justify="space-between">
          {errorText(settings.error)}
          <Button size="xs" variant="light" color="red" onClick={() => void settings.refetch()}>
            {t('app.tryAgain')}
          </Button>
        </Group>
      </Alert>
    );
  }
  return (
    <Stack gap="xl">
      <Who settings={settings.data} />
      {settings.data.values.signUps === 'invite' && <Codes />}
      <Limits key={settings.data.revision} settings={settings.data} />
    </Stack>
  );
}

/** Changes the settings that were looked at; where somebody else was faster, they are loaded anew. */
function useChange() {
  const api = useApi();
  const queries = useQueryClient();
  const { t } = useTranslation();
  return useMutation({
    mutationFn: ({ settings, chosen }: { settings: ServerSettings; chosen: SettingsChosen }) => unwrap(api.PUT('/admin/settings', { body: { revision: settings.revision, chosen } })),
    onSuccess: async (changed) => {
      queries.setQueryData(adminKeys.settings, changed);
      notifications.show({ message: t('app.saved'), color: 'turtle' });
      await queries.invalidateQueries({ queryKey: keys.server });
    },
    onError: () => queries.invalidateQueries({ queryKey: adminKeys.settings }),
  });
}

const policies: readonly SignUps[] = ['open', 'invite', 'closed'];

function Who({ settings }: { settings: ServerSettings }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const change = useChange();
  return (
    <section className={classes.card} aria-labelledby="sign-ups">
      <Title order={2} fz={20} id="sign-ups" mb="sm">
        {t('admin.signUps.title')}
      </Title>
      <Radio.Group value={settings.values.signUps} onChange={(value) => change.mutate({ settings, chosen: { ...settings.chosen, signUps: policies.find((policy) => policy === value) ?? settings.values.signUps } })} aria-labelledby="sign-ups">
        <Stack gap="sm">
          {policies.map((policy) => (
            <Radio key={policy} value={policy} size="md" disabled={change.isPending} label={t(`admin.signUps.${policy}`)} description={t(`admin.signUps.${policy}Text`)} data-testid={`sign-ups-${policy}`} />
          ))}
        </Stack>
      </Radio.Group>
      {change.error && (
        <Alert color="red" role="alert" mt="md">
          {errorText(change.error)}
        </Alert>
      )}
    </section>
  );
}

const lives = { day: 86_400, week: 604_800, month: 2_592_000 } as const;

function Codes() {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const { moment } = useTimes();
  const errorText = useErrorText();
  const list = useInfiniteQuery(codesQuery(api, ''));
  const [note, setNote] = useState('');
  const [uses, setUses] = useState<number | string>(1);
  const [life, setLife] = useState<string>('week');
  const refresh = () => queries.invalidateQueries({ queryKey: adminKeys.codes });
  const make = useMutation({
    mutationFn: () =>
      unwrap(api.POST('/admin/sign-up-codes', { body: { note: note.trim(), ...(typeof uses === 'number' ? { maxUses: uses } : {}), ...(life in lives ? { expiresIn: lives[life as keyof typeof lives] } : {}) } })),
    onSuccess: () => {
      setNote('');
      return refresh();
    },
  });
  const revoke = useMutation({ mutationFn: (codeId: string) => unwrap(api.DELETE('/admin/sign-up-codes/{codeId}', { params: { path: { codeId } } })), onSettled: refresh });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <section aria-labelledby="codes">
      <Title order={2} fz={20} id="codes" mb="sm">
        {t('admin.codes.title')}
      </Title>
      <form onSubmit={submit}>
        <Group align="flex-end" mb="md" gap="sm">
          <TextInput label={t('admin.codes.note')} value={note} onChange={(event) => setNote(event.currentTarget.value)} maxLength={100} style={{ flex: '1 1 200px' }} data-testid="code-note" />
          <NumberInput label={t('admin.codes.maxUses')} placeholder={t('admin.codes.anyNumber')} value={uses} onChange={setUses} min={1} max={10_000} allowDecimal={false} size="md" w={140} />
          <Select label={t('admin.codes.expires')} value={life} onChange={(value) => setLife(value ?? 'never')} data={['day', 'week', 'month', 'never'].map((value) => ({ value, label: t(`admin.lives.${value as 'day'}`) }))} allowDeselect={false} size="md" w={150} />
          <Button type="submit" size="md" loading={make.isPending} data-testid="code-make">
            {t('admin.codes.make')}
          </Button>
        </Group>
      </form>
      {(make.error ?? revoke.error) && (
        <Alert color="red" role="alert" mb="md">
          {errorText(make.error ?? revoke.error)}
        </Alert>
      )}
      <Listing
        name={t('admin.codes.title')}
        testId="codes"
        rows={list.data?.pages.flatMap((page) => page.codes) ?? []}
        keyOf={(code) => code.id}
        pending={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t('admin.codes.none')}
        more={{ there: list.hasNextPage, busy: list.isFetchingNextPage, load: () => void list.fetchNextPage() }}
        columns={[
          {
            label: t('admin.codes.code'),
            show: (code) => (
              <>
                <span className={classes.code} data-testid="code-text">
                  {code.code}
                </span>
                {code.note !== '' && <div className={classes.sub}>{code.note}</div>}
              </>
            ),
          },
          { label: t('admin.codes.uses'), figure: true, show: ({ uses: used, maxUses }) => (maxUses === undefined ? used : t('admin.codes.usesOf', { used, most: maxUses })) },
          { label: t('admin.codes.expires'), show: ({ expiresAt }) => (expiresAt === undefined ? t('admin.lives.never') : moment(expiresAt)) },
          {
            label: '',
            show: (code) => (
              <Group gap={4} wrap="nowrap" justify="flex-end">
                <CopyLink code={code} />
                <Tooltip label={t('admin.codes.revoke')}>
                  <ActionIcon color="red" aria-label={t('admin.codes.revoke')} onClick={() => revoke.mutate(code.id)} data-testid="code-revoke">
                    <IconTrash size={18} />
                  </ActionIcon>
                </Tooltip>
              </Group>
            ),
          },
        ]}
      />
    </section>
  );
}

function CopyLink({ code }: { code: SignUpCode }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const label = copied ? t('app.copied') : t('admin.copyLink');
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={() => void copyText(code.url).then(setCopied)}>
        {copied ? <IconCheck size={18} /> : <IconCopy size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}

const limits = { maxBrowsers: [0, 1000], maxBrowsersPerPerson: [0, 1000], maxRoomsPerPerson: [1, 10_000], roomSize: [1, 1000] } as const;
type Limit = keyof typeof limits;
const limitNames = Object.keys(limits) as Limit[];

function Limits({ settings }: { settings: ServerSettings }) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const change = useChange();
  const [typed, setTyped] = useState<Partial<Record<Limit, number | string>>>(settings.chosen);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const chosen: SettingsChosen = settings.chosen.signUps === undefined ? {} : { signUps: settings.chosen.signUps };
    for (const name of limitNames) {
      const value = typed[name];
      if (typeof value === 'number') chosen[name] = value;
    }
    change.mutate({ settings, chosen });
  };
  return (
    <section className={classes.card} aria-labelledby="limits">
      <Title order={2} fz={20} id="limits">
        {t('admin.limits.title')}
      </Title>
      <Text c="dimmed" mb="md">
        {t('admin.limits.text')}
      </Text>
      <form onSubmit={submit}>
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
          {limitNames.map((name) => (
            <NumberInput
              key={name}
              label={t(`admin.limits.${name}`)}
              placeholder={t('admin.limits.default', { value: settings.defaults[name] })}
              value={typed[name] ?? ''}
              onChange={(value) => setTyped({ ...typed, [name]: value })}
              min={limits[name][0]}
              max={limits[name][1]}
              clampBehavior="blur"
              allowDecimal={false}
              size="md"
              data-testid={`limit-${name}`}
            />
          ))}
        </SimpleGrid>
        {change.error && (
          <Alert color="red" role="alert" mt="md">
            {errorText(change.error)}
          </Alert>
        )}
        <Group justify="flex-end" mt="md">
          <Button type="submit" loading={change.isPending} data-testid="limits-save">
            {t('app.save')}
          </Button>
        </Group>
      </form>
    </section>
  );
}
