import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

/** Days and times in the page's language and this device's time zone. */
export function useTimes(): { day: (at: string) => string; moment: (at: string) => string; gigabytes: (bytes: number) => string } {
  const { i18n } = useTranslation();
  return useMemo(() => {
    const days = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium' });
    const moments = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'medium' });
    const figures = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 2 });
    return { day: (at) => days.format(new Date(at)), moment: (at) => moments.format(new Date(at)), gigabytes: (bytes) => figures.format(bytes / 2 ** 30) };
  }, [i18n.language]);
}
