import { Alert, Button, Checkbox, Stack, Table, Text, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import type { Permission, RolePermissions, Room } from '@/api/types';
import { useErrorText } from '@/ui/useErrorText';
import classes from './Settings.module.css';

/** What the owner gives and takes, in the order in which people think of it. */
const grantable = ['control', 'navigate', 'chat', 'react', 'voice', 'video', 'screen', 'pin', 'invite'] as const satisfies readonly Permission[];
type Grantable = (typeof grantable)[number];

const same = (a: readonly Permission[], b: readonly Permission[]): boolean => a.length === b.length && a.every((one) => b.includes(one));
const toggled = (list: readonly Grantable[], one: Grantable): Grantable[] => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]);

/** Which of it members have, and guests. Guests never have what members have not. */
export function RolePermissionsForm({ room }: { room: Room }) {
  const { t } = useTranslation();
  const api = useApi();
  const errorText = useErrorText();
  const saved = room.rolePermissions;
  /** What was changed here and not saved; until then the room's own is shown, whoever changes it. */
  const [draft, setDraft] = useState<RolePermissions | null>(null);
  const shown = draft ?? saved;
  const changed = !same(shown.member, saved.member) || !same(shown.guest, saved.guest);
  const save = useMutation({
    mutationFn: (rolePermissions: RolePermissions) => unwrap(api.PATCH('/rooms/{room}', { params: { path: { room: room.id } }, body: { rolePermissions } })),
    onSuccess: (_, sent) => {
      setDraft((now) => (now === sent ? null : now)); // what was clicked meanwhile waits to be saved
      notifications.show({ message: t('settings.maySaved'), color: 'turtle' });
    },
  });
  const toggleMember = (one: Grantable): void => {
    const member = toggled(shown.member, one);
    setDraft({ member, guest: shown.guest.filter((other) => member.includes(other)) });
  };
  const columns = { member: t('settings.mayMembers'), guest: t('settings.mayGuests') };
  return (
    <form
      className={classes.section}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(shown);
      }}
    >
      <Stack gap="sm">
        <div>
          <Title order={2} fz="md" id="who-may">
            {t('settings.may')}
          </Title>
          <Text fz="sm" c="dimmed" mt={4}>
            {t('settings.mayText')}
          </Text>
        </div>
        <Table className={classes.may} aria-labelledby="who-may" verticalSpacing={2} horizontalSpacing={6} withRowBorders={false}>
          <Table.Thead>
            <Table.Tr>
              <Table.Td />
              <Table.Th>{columns.member}</Table.Th>
              <Table.Th>{columns.guest}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {grantable.map((one) => (
              <Table.Tr key={one}>
                <Table.Th scope="row">{t(`settings.permissions.${one}`)}</Table.Th>
                <Table.Td>
                  <label>
                    <Checkbox size="md" checked={shown.member.includes(one)} onChange={() => toggleMember(one)} aria-label={t('settings.mayFor', { what: t(`settings.permissions.${one}`), who: columns.member })} data-testid={`may-member-${one}`} />
                  </label>
                </Table.Td>
                <Table.Td>
                  <label>
                    <Checkbox size="md" checked={shown.guest.includes(one)} disabled={!shown.member.includes(one)} onChange={() => setDraft({ ...shown, guest: toggled(shown.guest, one) })} aria-label={t('settings.mayFor', { what: t(`settings.permissions.${one}`), who: columns.guest })} data-testid={`may-guest-${one}`} />
                  </label>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {save.error && (
          <Alert color="red" role="alert">
            {errorText(save.error)}
          </Alert>
        )}
        <Button type="submit" disabled={!changed} loading={save.isPending} data-testid="may-save">
          {t('app.save')}
        </Button>
      </Stack>
    </form>
  );
}
