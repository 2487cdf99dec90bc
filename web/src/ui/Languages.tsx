import { Menu } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconLanguage } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { speakAsChosen } from '@/i18n';
import { chosen, languages } from '@/i18n/languages';

/** Each language by its own name, for whoever can't read the one that is shown. */
export function Languages() {
  const { t, i18n } = useTranslation();
  const { language } = useStore(chosen);
  const choose = async (tag: string): Promise<void> => {
    chosen.setState({ language: tag === '' ? undefined : tag });
    await speakAsChosen();
    if (tag !== '' && i18n.language !== tag) notifications.show({ message: t('language.unreachable'), color: 'red' });
  };
  return (
    <Menu.RadioGroup value={language ?? ''} onChange={(tag) => void choose(tag)}>
      <Menu.RadioItem value="" data-testid="language-browser">
        {t('language.asBrowser')}
      </Menu.RadioItem>
      {languages.tags.map((tag) => (
        <Menu.RadioItem key={tag} value={tag} lang={tag} data-testid={`language-${tag}`}>
          {languages.nameOf(tag)}
        </Menu.RadioItem>
      ))}
    </Menu.RadioGroup>
  );
}

/** The choice inside another menu. */
export function LanguageChoice() {
  const { t } = useTranslation();
  return (
    <Menu.Sub position="left-start">
      <Menu.Sub.Target>
        <Menu.Sub.Item leftSection={<IconLanguage size={16} />} data-testid="language-open">
          {t('language.title')}
        </Menu.Sub.Item>
      </Menu.Sub.Target>
      <Menu.Sub.Dropdown>
        <Languages />
      </Menu.Sub.Dropdown>
    </Menu.Sub>
  );
}
