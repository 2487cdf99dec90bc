import { Alert, Button, Group, Select, Stack, Text, Textarea, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { keys, serverQuery } from '@/api/queries';
import { useErrorText } from '@/ui/useErrorText';
import { useTimes } from './times';
import classes from './Admin.module.css';

const lives = { hour: 3_600, day: 86_400, week: 604_800 } as const;
const choices = ['hour', 'day', 'week', 'never'] as const;
const levels = ['info', 'warning'] as const;

/** One sentence for everybody who has a page open, and for those who come. */
export function NoticePanel() {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const errorText = useErrorText();
  const { moment } = useTimes();
  const { data } = useQuery(serverQuery(api));
  const [text, setText] = useState('');
  const [level, setLevel] = useState<(typeof levels)[number]>('info');
  const [life, setLife] = useState<(typeof choices)[number]>('day');
  const refresh = () => queries.invalidateQueries({ queryKey: keys.server });
  const show = useMutation({
    mutationFn: () => unwrap(api.PUT('/admin/notice', { body: { text: text.trim(), level, ...(life === 'never' ? {} : { expiresIn: lives[life] }) } })),
    onSuccess: () => {
      setText('');
      return refresh();
    },
  });
  const end = useMutation({ mutationFn: () => unwrap(api.DELETE('/admin/notice')), onSuccess: refresh });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (text.trim() !== '') show.mutate();
  };
  const current = data?.notice;
  const error = show.error ?? end.error;
  return (
    <Stack gap="xl" maw={720}>
      <section className={classes.card} aria-labelledby="notice-now">
        <Title order={2} fz={20} id="notice-now" mb="xs">
          {t('admin.notice.now')}
        </Title>
        {current === undefined ? (
          <Text c="dimmed">{t('admin.notice.none')}</Text>
        ) : (
          <>
            <Text style={{ overflowWrap: 'anywhere' }} data-testid="notice-current">
              {current.text}
            </Text>
            <Text c="dimmed" fz="sm">
              {current.expiresAt === undefined ? t('admin.notice.stays') : t('admin.notice.until', { time: moment(current.expiresAt) })}
            </Text>
            <Group justify="flex-end" mt="sm">
              <Button variant="light" color="red" loading={end.isPending} onClick={() => end.mutate()} data-testid="notice-end">
                {t('admin.notice.end')}
              </Button>
            </Group>
          </>
        )}
      </section>
      <form className={classes.card} onSubmit={submit}>
        <Stack gap="md">
          <Title order={2} fz={20}>
            {t('admin.notice.new')}
          </Title>
          <Textarea label={t('admin.notice.text')} description={t('admin.notice.hint')} value={text} onChange={(event) => setText(event.currentTarget.value)} maxLength={500} autosize minRows={2} size="md" data-testid="notice-text" />
          <Group gap="sm" grow>
            <Select label={t('admin.notice.level')} value={level} onChange={(value) => setLevel(value === 'warning' ? value : 'info')} data={levels.map((value) => ({ value, label: t(`admin.notice.levels.${value}`) }))} allowDeselect={false} size="md" />
            <Select label={t('admin.notice.life')} value={life} onChange={(value) => setLife(choices.find((choice) => choice === value) ?? 'day')} data={choices.map((value) => ({ value, label: t(`admin.lives.${value}`) }))} allowDeselect={false} size="md" />
          </Group>
          {error && (
            <Alert color="red" role="alert">
              {errorText(error)}
            </Alert>
          )}
          <Group justify="flex-end">
            <Button type="submit" loading={show.isPending} disabled={text.trim() === ''} data-testid="notice-show">
              {t('admin.notice.show')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Stack>
  );
}
