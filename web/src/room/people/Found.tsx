import { Alert, Loader, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useErrorText } from '@/ui/useErrorText';
import classes from './People.module.css';

const typing = 250;

/** A name that is searched for: what is typed, and what of it is asked the server for. */
export function useSearch(): { typed: string; asked: string; setTyped: (text: string) => void } {
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed.trim(), typing);
  return { typed, asked, setTyped };
}

interface Props {
  search: ReturnType<typeof useSearch>;
  error: Error | null;
  /** Null while they are fetched. */
  rows: ReactNode[] | null;
  more: boolean;
  /** What it says where there is nobody at all. */
  none: string;
  label: string;
}

/** A list of people as the server has it, a page of it at most, with a field to search in the rest. */
export function Found({ search, error, rows, more, none, label }: Props) {
  const { t } = useTranslation();
  const errorText = useErrorText();
  const searched = search.asked !== '';
  return (
    <>
      <TextInput mt="xs" mb={4} leftSection={<IconSearch size={16} aria-hidden />} aria-label={t('moderation.search')} placeholder={t('moderation.search')} value={search.typed} onChange={(event) => search.setTyped(event.currentTarget.value)} maxLength={40} data-testid="people-search" />
      {error !== null && (
        <Alert color="red" role="alert">
          {errorText(error)}
        </Alert>
      )}
      {rows === null && error === null && <Loader type="dots" aria-label={t('app.loading')} />}
      {rows !== null && (
        <ul className={`${classes.list} ${classes.found}`} aria-label={label}>
          {rows}
        </ul>
      )}
      <Text fz="sm" c="dimmed" role="status">
        {rows?.length === 0 && !more && (searched ? t('moderation.notFound') : none)}
        {more && t('moderation.more')}
      </Text>
    </>
  );
}
