import { MantineThemeProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

/** What is said once, softly; the button that puts it away has a name in the page's language. */
export function Toasts() {
  const { t } = useTranslation();
  const theme = useMemo(() => ({ components: { Notification: { defaultProps: { closeButtonProps: { 'aria-label': t('app.close') } } } } }), [t]);
  return (
    <MantineThemeProvider theme={theme}>
      <Notifications position="top-center" limit={3} autoClose={4000} />
    </MantineThemeProvider>
  );
}
