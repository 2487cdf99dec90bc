import { Alert, Button, Group, Skeleton, Stack, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useErrorText } from '@/ui/useErrorText';
import classes from './Admin.module.css';

export interface Column<Row> {
  /** What it is called, above the column and, on a phone, before each value; empty for the buttons. */
  label: string;
  show: (row: Row) => ReactNode;
  figure?: boolean;
}

interface Props<Row> {
  name: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  pending: boolean;
  error: unknown;
  retry: () => void;
  empty: string;
  more?: { there: boolean; busy: boolean; load: () => void };
  testId: string;
}

/** A table that is a card for each row on a phone, with what it says while it has none. */
export function Listing<Row>({ name, columns, rows, keyOf, pending, error, retry, empty, more, testId }: Props<Row>) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  if (pending) {
    return (
      <Stack gap="xs" role="status" aria-label={t('app.loading')}>
        {[0, 1, 2, 3].map((key) => (
          <Skeleton key={key} h={56} radius={14} />
        ))}
      </Stack>
    );
  }
  return (
    <>
      {error !== null && (
        <Alert color="red" role="alert" mb="md">
          <Group justify="space-between">
            {errorText(error)}
            <Button size="xs" variant="light" color="red" onClick={retry}>
              {t('app.tryAgain')}
            </Button>
          </Group>
        </Alert>
      )}
      {rows.length === 0 && error === null && <p className={classes.empty}>{empty}</p>}
      {rows.length > 0 && (
        // The roles are said, for a table that is drawn as cards is none to some screen readers.
        <table className={classes.table} role="table" aria-label={name} data-testid={testId}>
          <thead role="rowgroup">
            <tr role="row">
              {columns.map(({ label }, at) => (
                <th key={at} scope="col" role="columnheader">
                  {label || <span className="sr-only">{t('admin.actions')}</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {rows.map((row) => (
              <tr key={keyOf(row)} role="row" data-testid={`${testId}-row`}>
                {columns.map(({ label, show, figure }, at) => (
                  <td key={at} role="cell" data-label={label || undefined} data-actions={label === '' || undefined} data-figure={figure === true || undefined}>
                    {show(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {more?.there && (
        <Group justify="center" mt="lg">
          <Button variant="default" loading={more.busy} onClick={more.load}>
            {t('app.more')}
          </Button>
        </Group>
      )}
    </>
  );
}

/** What is typed, and what is asked for once the typing rests. */
export function useSearch(): { typed: string; setTyped: (typed: string) => void; search: string } {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), 250);
  return { typed, setTyped, search };
}

export function SearchField({ label, value, onChange, testId }: { label: string; value: string; onChange: (value: string) => void; testId: string }) {
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      leftSection={<IconSearch size={18} aria-hidden />}
      maxLength={100}
      style={{ flex: '1 1 220px' }}
      data-testid={testId}
    />
  );
}
