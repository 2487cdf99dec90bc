import { Alert, Anchor, Button, Loader, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { useApi, useSession, useSessionManager } from '@/account/session';
import { unwrap } from '@/api/client';
import { toApiError } from '@/api/problem';
import { inviteQuery, keys } from '@/api/queries';
import { Notice } from '@/ui/Notice';
import { Page } from '@/ui/Page';
import pageClasses from '@/ui/Page.module.css';
import { PersonAvatar } from '@/ui/PersonAvatar';
import { checkDisplayName } from '@/ui/fields';
import { useErrorText } from '@/ui/useErrorText';
import { useFields } from '@/ui/useFields';

export function InvitePage() {
  const { t } = useTranslation();
  const { code = '' } = useParams();
  const api = useApi();
  const session = useSession();
  const manager = useSessionManager();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const errorText = useErrorText();
  const invite = useQuery(inviteQuery(api, code));
  const [name, setName] = useState('');
  const signedIn = session.status === 'signedIn';
  const join = useMutation({
    mutationFn: () => unwrap(api.POST('/invites/{code}/accept', { params: { path: { code } }, body: signedIn ? {} : { displayName: name.trim() } })),
    onSuccess: async (accepted) => {
      if (accepted.session) manager.adopt(accepted.session);
      void queries.invalidateQueries({ queryKey: keys.rooms });
      await navigate(`/r/${accepted.room.slug}`, { replace: true });
    },
  });

  const { errors, general, complete } = useFields({ displayName: { value: name, check: checkDisplayName, says: 'displayName' } }, join.error);
  // A code that no invite can have is refused for its form: it does not exist either.
  const malformed = toApiError(invite.error).code === 'invalid_field';
  const over = malformed ? 'gone' : overText(toApiError(join.error ?? invite.error).code);
  if (over) {
    return (
      <Page>
        <Notice
          title={t(`invite.${over}`)}
          testId={`invite-${over}`}
          actions={
            <Button component={Link} to={signedIn ? '/rooms' : '/'} variant="default">
              {signedIn ? t('app.toRooms') : t('app.toStart')}
            </Button>
          }
        >
          {t('invite.askAgain')}
        </Notice>
      </Page>
    );
  }
  if (invite.error) {
    return (
      <Page>
        <Notice title={errorText(invite.error)} actions={<Button onClick={() => void invite.refetch()}>{t('app.tryAgain')}</Button>} />
      </Page>
    );
  }
  if (!invite.data) {
    return (
      <Page>
        <Loader m="auto" aria-label={t('app.loading')} />
      </Page>
    );
  }
  const { room, invitedBy, people } = invite.data;
  return (
    <Page>
      <div className={pageClasses.centre}>
        <form
          className={pageClasses.card}
          onSubmit={(event) => {
            event.preventDefault();
            if (complete()) join.mutate();
          }}
        >
          <Stack gap="lg" align="stretch">
            <Stack align="center" ta="center" gap="xs">
              <PersonAvatar person={invitedBy} size={64} />
              <Text c="dimmed" mt={6}>
                {t('invite.title', { name: invitedBy.displayName })}
              </Text>
              <Title order={1} fz={30} lh={1.15} lts="-0.02em" data-testid="invite-title" style={{ textWrap: 'balance' }}>
                {room.title}
              </Title>
              <Text c="dimmed" fz="sm">
                {t('invite.inside', { count: people })}
              </Text>
            </Stack>
            {!signedIn && (
              <TextInput label={t('invite.yourName')} placeholder={t('invite.yourNamePlaceholder')} value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={40} autoComplete="nickname" autoFocus error={errors.displayName} data-testid="guest-name" />
            )}
            {general !== null && (
              <Alert color="red" role="alert">
                {general}
              </Alert>
            )}
            <Button type="submit" size="lg" fullWidth loading={join.isPending} disabled={!signedIn && !name.trim()} data-testid="join-room">
              {signedIn ? t('invite.joinAs', { name: session.person.displayName }) : t('invite.join')}
            </Button>
            {!signedIn && (
              <Stack gap={2} align="center">
                <Text fz="sm" c="dimmed" ta="center">
                  {t('invite.guestNote')}
                </Text>
                <Anchor component={Link} to={`/sign-in?next=${encodeURIComponent(`/i/${code}`)}`} fz="sm" fw={600} py={8}>
                  {t('invite.orSignIn')}
                </Anchor>
              </Stack>
            )}
          </Stack>
        </form>
      </div>
    </Page>
  );
}

function overText(code: string): 'expired' | 'revoked' | 'usedUp' | 'gone' | null {
  switch (code) {
    case 'invite_expired':
      return 'expired';
    case 'invite_revoked':
      return 'revoked';
    case 'invite_used_up':
      return 'usedUp';
    case 'not_found':
    case 'bad_request':
      return 'gone';
    default:
      return null;
  }
}
