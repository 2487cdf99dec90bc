import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, toApiError } from '@/api/problem';
import { HubError } from '@/api/hub/HubConnection';
import en from '@/i18n/en.json';

type KnownCode = keyof typeof en.errors;

const isKnown = (code: string): code is KnownCode => code in en.errors;

/** An error in the person's language: by its code, else by what the server said. */
export function useErrorText(): (error: unknown) => string {
  const { t } = useTranslation();
  return useCallback(
    (error: unknown) => {
      const { code, message, retryAfter } = error instanceof HubError ? error : toApiError(error);
      if (code === 'rate_limited' && retryAfter !== undefined) return t('errors.rate_limited_for', { count: retryAfter });
      if (code === 'slow_mode' && retryAfter !== undefined) return t('errors.slow_mode_for', { count: retryAfter });
      // The server knows best why. Which field, the form says itself: the server's words for that are no sentences.
      if ((code === 'bad_request' || code === 'browser_not_available' || code === 'forbidden') && message) return message;
      return isKnown(code) ? t(`errors.${code}`) : message || t('errors.internal');
    },
    [t],
  );
}

/** The errors of single fields, by name. */
export function fieldErrors(error: unknown): Readonly<Record<string, string>> {
  return error instanceof ApiError ? error.fields : {};
}
