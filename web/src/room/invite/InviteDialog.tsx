import { ActionIcon, Alert, Button, Collapse, Divider, Group, Modal, Select, SimpleGrid, Skeleton, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconCheck, IconChevronDown, IconChevronRight, IconCopy, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '@/account/session';
import { unwrap } from '@/api/client';
import { invitesQuery, keys } from '@/api/queries';
import type { Invite, NewInvite } from '@/api/types';
import { copyText } from '@/ui/copy';
import { Tooltip } from '@/ui/Tooltip';
import { useErrorText } from '@/ui/useErrorText';
import { useFocusBack } from '@/ui/useFocusBack';
import { useRoom } from '../context';
import { isLoopback } from './loopback';

const lifetimes = { hour: 3600, day: 86_400, week: 604_800, forever: 0 } as const;
type Lifetime = keyof typeof lifetimes;
const rank = { guest: 1, member: 2, moderator: 3, owner: 4 } as const;

const fullUrl = (invite: Invite): string => new URL(invite.url, location.origin).href;

export function InviteDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  useFocusBack();
  const { t } = useTranslation();
  const api = useApi();
  const queries = useQueryClient();
  const errorText = useErrorText();
  const { roomId, role, me } = useRoom((room) => ({ roomId: room.room?.id ?? '', role: room.self?.role ?? 'guest', me: room.peers.find(({ id }) => id === room.self?.peer)?.person?.id }));
  const list = useQuery({ ...invitesQuery(api, roomId), enabled: opened });
  const [chosen, setChosen] = useState<string | null>(null);
  // The link at hand was revoked, and nobody has asked for a new one yet.
  const [revoked, setRevoked] = useState(false);
  const [more, setMore] = useState(false);
  const [asRole, setAsRole] = useState<NonNullable<NewInvite['role']>>('guest');
  const [lifetime, setLifetime] = useState<Lifetime>('week');
  const [uses, setUses] = useState('0');
  const path = { room: roomId };
  const refresh = () => queries.invalidateQueries({ queryKey: keys.invites(roomId) });
  const create = useMutation({
    mutationFn: (body: NewInvite) => unwrap(api.POST('/rooms/{room}/invites', { params: { path }, body })),
    onSuccess: async (invite) => {
      queries.setQueryData(invitesQuery(api, roomId).queryKey, (before) => ({ invites: [invite, ...(before?.invites ?? [])] }));
      setChosen(invite.id);
      setRevoked(false);
      await refresh();
    },
  });
  const revoke = useMutation({
    mutationFn: ({ inviteId }: { inviteId: string; atHand: boolean }) => unwrap(api.DELETE('/rooms/{room}/invites/{inviteId}', { params: { path: { ...path, inviteId } } })),
    onSuccess: (_nothing, { inviteId, atHand }) => {
      queries.setQueryData(invitesQuery(api, roomId).queryKey, (before) => before && { invites: before.invites.filter(({ id }) => id !== inviteId) });
      if (!atHand) {
        notifications.show({ message: t('invite.revokedDone') });
        return;
      }
      setChosen(null);
      setRevoked(true);
    },
    onSettled: refresh,
  });

  const invites = list.data?.invites ?? [];
  // The link at hand: the one just made, else one's own plain one.
  const current = invites.find(({ id }) => id === chosen) ?? invites.find((invite) => !revoked && invite.createdBy.id === me && invite.role === 'guest' && invite.maxUses === undefined);
  // Whoever opens the dialog wants a link: with none there yet, one is made, once. Whoever revokes one does not.
  const made = useRef(false);
  const { mutate } = create;
  useEffect(() => {
    if (!list.isSuccess || current || revoked || made.current) return;
    made.current = true;
    mutate({ role: 'guest', expiresIn: lifetimes.week });
  }, [list.isSuccess, current, revoked, mutate]);

  const plain = (): void => mutate({ role: 'guest', expiresIn: lifetimes.week });
  const error = list.error ?? create.error ?? revoke.error;
  const others = invites.filter(({ id }) => id !== current?.id);
  return (
    <Modal opened={opened} onClose={onClose} title={t('invite.dialog')} size={520} closeButtonProps={{ 'aria-label': t('app.close') }}>
      <Stack gap="md">
        <Text c="dimmed">{t('invite.dialogText')}</Text>
        {isLoopback(location.hostname) && (
          <Text fz="sm" c="orange" data-testid="invite-loopback">
            {t('invite.loopback')}
          </Text>
        )}
        {error && (
          <Alert color="red" role="alert">
            {errorText(error)}
          </Alert>
        )}
        {current && <LinkRow invite={current} />}
        {!current && !error && !revoked && <Skeleton h={42} radius="md" />}
        {!current && (revoked || create.error) && (
          <Group justify="space-between" wrap="nowrap" gap="sm">
            <Text role="status" data-testid="invite-revoked-here">
              {revoked && t('invite.revokedDone')}
            </Text>
            <Button onClick={plain} loading={create.isPending} style={{ flexShrink: 0 }} data-testid="invite-new" data-autofocus>
              {t('invite.makeNew')}
            </Button>
          </Group>
        )}
        {current && (
          <Group justify="space-between" wrap="nowrap">
            <Terms invite={current} />
            <Button size="compact-sm" variant="subtle" color="red" onClick={() => revoke.mutate({ inviteId: current.id, atHand: true })} loading={revoke.isPending} flex="none" data-testid="invite-revoke">
              {t('invite.revoke')}
            </Button>
          </Group>
        )}
        <UnstyledButton fz="sm" fw={600} c="dimmed" py={6} onClick={() => setMore(!more)} aria-expanded={more} data-testid="invite-options">
          <Group gap={4}>
            {more ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
            {t('invite.make')}
          </Group>
        </UnstyledButton>
        <Collapse expanded={more}>
          <Stack gap="sm">
            <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
              <Select
                label={t('invite.role')}
                value={asRole}
                onChange={(value) => setAsRole((value ?? 'guest'))}
                data={(['guest', 'member', 'moderator'] as const).filter((name) => rank[name] <= rank[role]).map((value) => ({ value, label: t(`roles.${value}`) }))}
                allowDeselect={false}
              />
              <Select label={t('invite.expires')} value={lifetime} onChange={(value) => setLifetime((value ?? 'week'))} data={(Object.keys(lifetimes) as Lifetime[]).map((value) => ({ value, label: t(`invite.${value}`) }))} allowDeselect={false} />
              <Select label={t('invite.uses')} value={uses} onChange={(value) => setUses(value ?? '0')} data={['0', '1', '5', '20'].map((value) => ({ value, label: value === '0' ? t('invite.unlimited') : t('invite.times', { count: Number(value) }) }))} allowDeselect={false} />
            </SimpleGrid>
            <Button
              variant="light"
              loading={create.isPending}
              onClick={() => create.mutate({ role: asRole, ...(lifetimes[lifetime] > 0 ? { expiresIn: lifetimes[lifetime] } : {}), ...(uses === '0' ? {} : { maxUses: Number(uses) }) })}
              data-testid="invite-create"
            >
              {t('invite.makeWith')}
            </Button>
          </Stack>
        </Collapse>
        {others.length > 0 && (
          <>
            <Divider label={t('invite.active')} labelPosition="left" />
            <Stack gap={4} mah={220} style={{ overflowY: 'auto' }}>
              {others.map((invite) => (
                <Group key={invite.id} justify="space-between" wrap="nowrap" data-testid="invite-item">
                  <div style={{ minWidth: 0 }}>
                    <Text fz="sm" fw={600} truncate>
                      {t(`roles.${invite.role}`)} · {invite.createdBy.displayName}
                    </Text>
                    <Terms invite={invite} />
                  </div>
                  <Group gap={0} wrap="nowrap">
                    <CopyIcon text={fullUrl(invite)} />
                    <Tooltip label={t('invite.revoke')}>
                      <ActionIcon color="red" aria-label={t('invite.revokeNamed', { name: invite.createdBy.displayName })} onClick={() => revoke.mutate({ inviteId: invite.id, atHand: false })}>
                        <IconTrash size={18} stroke={1.7} />
                      </ActionIcon>
                    </Tooltip>
                  </Group>
                </Group>
              ))}
            </Stack>
          </>
        )}
      </Stack>
    </Modal>
  );
}

function LinkRow({ invite }: { invite: Invite }) {
  const { t } = useTranslation();
  const url = fullUrl(invite);
  const [copied, copy] = useCopied(url);
  return (
    <Group gap="sm" wrap="nowrap">
      <TextInput flex={1} value={url} readOnly aria-label={t('invite.link')} onFocus={(event) => event.currentTarget.select()} dir="ltr" data-testid="invite-link" />
      <Button size="md" onClick={copy} leftSection={copied ? <IconCheck size={18} /> : <IconCopy size={18} />} data-testid="invite-copy" data-autofocus miw={132}>
        {copied ? t('app.copied') : t('invite.copyLink')}
      </Button>
    </Group>
  );
}

function CopyIcon({ text }: { text: string }) {
  const { t } = useTranslation();
  const [copied, copy] = useCopied(text);
  return (
    <Tooltip label={copied ? t('app.copied') : t('invite.copyLink')}>
      <ActionIcon aria-label={t('invite.copyLink')} onClick={copy}>
        {copied ? <IconCheck size={18} /> : <IconCopy size={18} stroke={1.7} />}
      </ActionIcon>
    </Tooltip>
  );
}

function useCopied(text: string): [boolean, () => void] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return [copied, () => void copyText(text).then(setCopied)];
}

function Terms({ invite }: { invite: Invite }) {
  const { t, i18n } = useTranslation();
  const words = [
    t(`roles.${invite.role}`),
    invite.expiresAt === undefined ? null : t('invite.until', { time: new Intl.DateTimeFormat(i18n.language, { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' }).format(new Date(invite.expiresAt)) }),
    invite.maxUses === undefined ? t('invite.used', { count: invite.uses }) : t('invite.usedOf', { count: invite.uses, max: invite.maxUses }),
  ];
  return (
    <Text fz="sm" c="dimmed">
      {words.filter(Boolean).join(' · ')}
    </Text>
  );
}
