import { Alert, Anchor, Button, Group } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { Confirm } from '@/ui/Confirm';
import { Listing, SearchField, useSearch } from './Listing';
import { adminKeys, browsersQuery, overviewQuery, type ManagedBrowser } from './queries';
import { useTimes } from './times';
import classes from './Admin.module.css';

/** What runs now and what each browser takes, looked at every two seconds. */
export function BrowsersPanel() {
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const { moment, gigabytes } = useTimes();
  const { typed, setTyped, search } = useSearch();
  const [asked, setAsked] = useState<ManagedBrowser | null>(null);
  const list = useInfiniteQuery(browsersQuery(api, search));
  const trouble = list.data?.pages[0]?.trouble;
  const kill = useMutation({
    mutationFn: (browserId: string) => unwrap(api.DELETE('/admin/browsers/{browserId}', { params: { path: { browserId } } })),
    onSuccess: async () => {
      setAsked(null);
      await queries.invalidateQueries({ queryKey: adminKeys.browsers });
    },
  });
  return (
    <>
      <Figures />
      <Group mb="lg">
        <SearchField label={t('admin.browsers.search')} value={typed} onChange={setTyped} testId="browsers-search" />
      </Group>
      {trouble !== undefined && (
        <Alert color="yellow" mb="md" role="status">
          {trouble}
        </Alert>
      )}
      <Listing
        name={t('admin.tabs.browsers')}
        testId="browsers"
        rows={list.data?.pages.flatMap((page) => page.browsers) ?? []}
        keyOf={(browser) => browser.id}
        pending={list.isPending}
        error={list.error}
        retry={() => void list.refetch()}
        empty={t('admin.browsers.none')}
        more={{ there: list.hasNextPage, busy: list.isFetchingNextPage, load: () => void list.fetchNextPage() }}
        columns={[
          {
            label: t('admin.rooms.room'),
            show: ({ room, startedBy, waits }) => (
              <>
                {room?.slug !== undefined ? (
                  <Anchor component={Link} to={`/r/${room.slug}`} fw={600} c="inherit">
                    {room.title}
                  </Anchor>
                ) : waits ? (
                  t('admin.browsers.waits')
                ) : (
                  t('admin.browsers.gone')
                )}
                {startedBy !== undefined && <div className={classes.sub}>{t('admin.browsers.by', { name: startedBy.displayName })}</div>}
              </>
            ),
          },
          { label: t('admin.browsers.state'), show: ({ state }) => t(`browserState.${state}`) },
          { label: t('admin.rooms.now'), figure: true, show: ({ people }) => people },
          { label: t('admin.browsers.cpu'), figure: true, show: ({ cpu }) => (cpu === undefined ? '–' : t('admin.browsers.percent', { percent: Math.round(cpu * 100) })) },
          { label: t('admin.browsers.memory'), figure: true, show: ({ memory }) => (memory === undefined ? '–' : t('admin.browsers.gigabytes', { gigabytes: gigabytes(memory) })) },
          { label: t('admin.browsers.since'), show: ({ startedAt }) => moment(startedAt) },
          {
            label: '',
            show: (browser) => (
              <Button size="xs" variant="light" color="red" onClick={() => setAsked(browser)} aria-label={t('admin.browsers.killNamed', { title: browser.room?.title ?? '' })} data-testid="browser-kill">
                {t('admin.browsers.kill')}
              </Button>
            ),
          },
        ]}
      />
      <Confirm
        opened={asked !== null}
        onClose={() => {
          setAsked(null);
          kill.reset();
        }}
        title={t('admin.browsers.kill')}
        text={t('admin.browsers.killText')}
        does={t('admin.browsers.kill')}
        pending={kill.isPending}
        error={kill.error}
        onConfirm={() => asked && kill.mutate(asked.id)}
        testId="browser-kill-ask"
      />
    </>
  );
}

/** How much there is now, and the most there was at once. */
function Figures() {
  const { t } = useTranslation();
  const { data } = useQuery(overviewQuery(useApi()));
  if (data === undefined) return null;
  const most = (what: 'people' | 'rooms' | 'browsers'): number => Math.max(data.now[what], ...data.peaks.map((day) => day[what]));
  return (
    <dl className={classes.figures} data-testid="admin-figures">
      {(['people', 'rooms', 'browsers'] as const).map((what) => (
        <div key={what}>
          <dt>{t(`admin.figures.${what}`)}</dt>
          <dd>
            {data.now[what]} <small>{t('admin.figures.most', { count: most(what) })}</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}
