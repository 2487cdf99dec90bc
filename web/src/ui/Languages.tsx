import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconLanguage } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { speakAsChosen } from '@/i18n';
import { chosen, languages } from '@/i18n/languages';

/** Each language by its own name, for whoever can't read the one that is shown. */
function Choices() {
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
        <Choices />
      </Menu.Sub.Dropdown>
    </Menu.Sub>
  );
}

/** The choice on a page whose reader has no menu yet. */
export function LanguageMenu() {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Tooltip label={t('language.title')}>
          <ActionIcon aria-label={t('language.title')} data-testid="language-open">
            <IconLanguage size={20} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Choices />
      </Menu.Dropdown>
    </Menu>
  );
}
