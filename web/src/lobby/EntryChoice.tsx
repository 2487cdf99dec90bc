import { Select } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Entry, Privacy } from '@/api/types';

const entries: readonly Entry[] = ['open', 'ask', 'invite', 'closed'];
const ofPrivate: readonly Entry[] = ['invite', 'closed'];

export const entriesOf = (privacy: Privacy): readonly Entry[] => (privacy === 'private' ? ofPrivate : entries);

/** What a room of that privacy has that had another one before: a private room is never open. */
export const entryFor = (privacy: Privacy, entry: Entry): Entry => (entriesOf(privacy).includes(entry) ? entry : 'invite');

export function EntryChoice({ privacy, value, onChange }: { privacy: Privacy; value: Entry; onChange: (entry: Entry) => void }) {
  const { t } = useTranslation();
  return (
    <Select
      size="md"
      label={t('entry.label')}
      description={t(`entry.${value}Text`)}
      value={value}
      onChange={(chosen) => {
        const entry = entries.find((known) => known === chosen);
        if (entry) onChange(entry);
      }}
      data={entriesOf(privacy).map((entry) => ({ value: entry, label: t(`entry.${entry}`) }))}
      allowDeselect={false}
      checkIconPosition="right"
      data-testid="entry-choice"
    />
  );
}
