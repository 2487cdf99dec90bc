import { Alert, Button, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate } from 'react-router';
import { unwrap } from '@/api/client';
import { Page } from '@/ui/Page';
import pageClasses from '@/ui/Page.module.css';
import { TurtleMark } from '@/ui/TurtleMark';
import { checkNewPassword } from '@/ui/fields';
import { useFields } from '@/ui/useFields';
import { useLinked } from './linked';
import { useApi, useSessionManager } from './session';

/** Where the administrator's link leads: a new password, and in. */
export function ResetPage() {
  const { t } = useTranslation();
  const api = useApi();
  const manager = useSessionManager();
  const token = useLinked('token');
  const [password, setPassword] = useState('');
  const use = useMutation({ mutationFn: () => unwrap(api.POST('/password-resets', { body: { token, newPassword: password } })), onSuccess: (answer) => manager.adopt(answer) });
  const { errors, general, complete } = useFields({ newPassword: { value: password, check: checkNewPassword, says: 'password' } }, use.error);
  if (use.isSuccess) return <Navigate to="/rooms" replace />;
  return (
    <Page>
      <div className={pageClasses.centre}>
        <form
          className={pageClasses.card}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            if (complete()) use.mutate();
          }}
        >
          <Stack gap="md">
            <TurtleMark size={52} />
            <div>
              <Title order={1} fz={28} lts="-0.02em">
                {t('account.reset')}
              </Title>
              <Text c="dimmed" mt={4}>
                {token === '' ? t('errors.reset_link_wrong') : t('account.resetText')}
              </Text>
            </div>
            <PasswordInput label={t('account.newPassword')} description={t('account.passwordHint')} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={errors.newPassword} autoComplete="new-password" maxLength={200} autoFocus disabled={token === ''} data-testid="reset-password" />
            {general !== null && (
              <Alert color="red" variant="light" role="alert" data-testid="form-error">
                {general}
              </Alert>
            )}
            <Button type="submit" size="md" fullWidth loading={use.isPending} disabled={token === ''} data-testid="reset-submit">
              {t('account.resetDo')}
            </Button>
          </Stack>
        </form>
      </div>
    </Page>
  );
}
