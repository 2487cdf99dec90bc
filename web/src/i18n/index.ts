import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import en from './en.json';
import { chosen, languages, load } from './languages';

void i18next.use(initReactI18next).init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: en } },
  interpolation: { escapeValue: false }, // React escapes
});

i18next.on('languageChanged', (language) => {
  document.documentElement.lang = language;
  document.documentElement.dir = i18next.dir(language);
});

/** Shows the page in a language. What it says comes first: a page that changes its words while somebody reads is worse than a wait. */
export async function speak(language: string): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation')) i18next.addResourceBundle(language, 'translation', await load(language));
  await i18next.changeLanguage(language);
}

/** The language of this device's choice, or the first of the browser's that there is. When it can't be had the page speaks English. */
export async function speakAsChosen(): Promise<void> {
  try {
    await speak(chosen.getState().language ?? languages.find(navigator.languages) ?? 'en');
  } catch {
    await speak('en');
  }
}

export { i18next };
