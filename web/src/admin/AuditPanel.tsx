import { Group, Select, Text, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import en from '@/i18n/en.json';
import { Listing, SearchField, useSearch } from './Listing';
import { auditQuery, type AuditLine } from './queries';
import { useTimes } from './times';
import classes from './Admin.module.css';

const kinds = ['', 'person', 'administrator', 'password', 'session', 'account', 'guest', 'room', 'member', 'message', 'invite', 'browser', 'sign_up_code', 'settings', 'notice'] as const;
type Action = keyof typeof en.admin.audit.actions;
const isKnown = (action: string): action is Action => action in en.admin.audit.actions;

/** The beginning of a day on this device, as the server wants it; nothing of a day that it does not know, while a year is typed. */
export const midnight = (day: string, later = 0): string => {
  if (day === '') return '';
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + later);
  return at.getFullYear() < 9999 ? at.toISOString() : '';
};

/** Who did what to whom, and when. */
export function AuditPanel() {
  const { t } = useTranslation();
  const { moment } = useTimes();
  const { typed, setTyped, search } = useSearch();
  const [action, setAction] = useState<(typeof kinds)[number]>('');
  const [since, setSince] = useState('');
  const [until, setUntil] = useState('');
  const list = useInfiniteQuery(auditQuery(useApi(), { search, action, since: midnight(since), until: midnight(until, 1) }));
  return (
    <>
      <Group mb="lg" gap="sm" align="flex-end">
        <SearchField label={t('admin.audit.search')} value={typed} onChange={setTyped} testId="audit-search" />
        <Select
          label={t('admin.audit.about')}
          data={kinds.map((value) => ({ value, label: t(`admin.audit.kinds.${value === '' ? 'all' : value}`) }))}
          value={action}
          onChange={(value) => setAction(kinds.find((kind) => kind === value) ?? '')}
          allowDeselect={false}
          size="md"
          w={190}
          data-testid="audit-action"
        />
        <TextInput type="date" max="9998-12-31" label={t('admin.audit.since')} value={since} onChange={(event) => setSince(event.currentTarget.value)} />
        <TextInput type="date" max="9998-12-31" label={t('admin.audit.until')} value={until} onChange={(event) => setUntil(event.currentTarget.value)} />
      </Group>
      <Listing
        name={t('admin.tabs.audit')}
        testId="audit"
        rows={list.data?.pages.flatMap((page) => page.lines) ?? []}
        keyOf={(line) => String(line.id)}
        pending={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t('admin.audit.none')}
        more={{ there: list.hasNextPage, busy: list.isFetchingNextPage, load: () => void list.fetchNextPage() }}
        columns={[
          {
            label: t('admin.audit.what'),
            show: (line) => (
              <>
                <Text component="span" fw={600}>
                  {isKnown(line.action) ? t(`admin.audit.actions.${line.action}`) : line.action}
                </Text>
                <Details line={line} />
              </>
            ),
          },
          { label: t('admin.audit.who'), show: ({ person }) => <Name of={person} nobody={t('admin.audit.server')} /> },
          { label: t('admin.audit.whom'), show: ({ target }) => <Name of={target} nobody="–" /> },
          { label: t('admin.rooms.room'), show: ({ room }) => (room === undefined ? '–' : (room.title ?? t('admin.audit.gone'))) },
          { label: t('admin.audit.when'), figure: true, show: ({ at }) => <time dateTime={at}>{moment(at)}</time> },
        ]}
      />
    </>
  );
}

function Name({ of, nobody }: { of: AuditLine['person']; nobody: string }) {
  const { t } = useTranslation();
  if (of === undefined) return <>{nobody}</>;
  return <span title={of.id}>{of.username ?? of.displayName ?? t('admin.audit.gone')}</span>;
}

/** What else is known of it, as it was written down. */
const instant = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

function Details({ line }: { line: AuditLine }) {
  const { moment } = useTimes();
  const known = Object.entries(line.detail).filter(([, value]) => value !== null && value !== undefined && value !== '');
  if (known.length === 0) return null;
  return <div className={classes.sub}>{known.map(([name, value]) => `${name}: ${typeof value === 'string' ? (instant.test(value) ? moment(value) : value) : JSON.stringify(value)}`).join(' · ')}</div>;
}
