import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** The one accent: a turtle in shallow water. */
const turtle: MantineColorsTuple = ['#e8faf3', '#d0f3e4', '#a3e7cb', '#72d9b0', '#4acb98', '#30bd87', '#1fa877', '#128058', '#0c7452', '#075a40'];
/** Greys with a little green, so that nothing on the page is quite cold. */
const dark: MantineColorsTuple = ['#dde7e2', '#b7c6be', '#8ea197', '#6b7d74', '#3a4842', '#2a3530', '#1d2622', '#131a17', '#0e1311', '#090d0b'];
const gray: MantineColorsTuple = ['#f5f8f6', '#edf2ef', '#e1e8e4', '#d0dad4', '#b3c0b9', '#8b9991', '#5f6e66', '#47544d', '#2e3833', '#18201c'];

export const theme = createTheme({
  primaryColor: 'turtle',
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  colors: { turtle, dark, gray },
  black: '#18201c',
  fontFamily: "'Figtree Variable', system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK JP', 'Noto Sans CJK KR', sans-serif",
  headings: { fontFamily: "'Figtree Variable', system-ui, sans-serif", fontWeight: '650' },
  defaultRadius: 'md',
  radius: { xs: '4px', sm: '8px', md: '11px', lg: '16px', xl: '24px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  components: {
    Button: { defaultProps: { radius: 'xl' }, styles: { root: { fontWeight: 600 } } },
    ActionIcon: { defaultProps: { radius: 'xl', variant: 'subtle', color: 'gray', size: 40 } },
    TextInput: { defaultProps: { size: 'md' } },
    PasswordInput: { defaultProps: { size: 'md' } },
    Modal: {
      defaultProps: { centered: true, radius: 'lg', padding: 'xl', overlayProps: { backgroundOpacity: 0.6, blur: 4 }, transitionProps: { transition: 'pop', duration: 140 } },
      styles: { content: { background: 'var(--turtus-surface)' }, header: { background: 'var(--turtus-surface)' }, title: { fontSize: 'var(--mantine-font-size-xl)', fontWeight: 650 } },
    },
    Tooltip: { defaultProps: { openDelay: 350, withArrow: false, radius: 'sm', color: 'dark.9', c: 'dark.0' } },
    Menu: { defaultProps: { radius: 'md', shadow: 'lg', withInitialFocusPlaceholder: false } },
    Popover: { defaultProps: { radius: 'md', shadow: 'lg' } },
    Paper: { defaultProps: { radius: 'lg' } },
  },
});

/** Light variants in the dark: a breath of the colour, and words that can be read on it. */
const inTheDark = Object.fromEntries(
  ['turtle', 'red', 'orange', 'yellow', 'green', 'blue'].flatMap((name) => [
    [`--mantine-color-${name}-light`, `color-mix(in srgb, var(--mantine-color-${name}-5) 15%, transparent)`],
    [`--mantine-color-${name}-light-hover`, `color-mix(in srgb, var(--mantine-color-${name}-5) 23%, transparent)`],
    [`--mantine-color-${name}-light-color`, `var(--mantine-color-${name}-3)`],
  ]),
);

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  dark: {
    ...inTheDark,
    '--mantine-color-gray-light': 'rgba(214, 240, 228, 0.09)',
    '--mantine-color-gray-light-hover': 'rgba(214, 240, 228, 0.14)',
    '--mantine-color-gray-light-color': '#c9d6cf',
    '--mantine-color-body': '#0e1412',
    '--mantine-color-dimmed': '#93a69c',
    '--turtus-surface': '#151d1a',
    '--turtus-raised': '#1b2521',
    '--turtus-line': 'rgba(214, 240, 228, 0.08)',
    '--turtus-shade': '0 18px 50px -18px rgba(0, 0, 0, 0.7)',
    '--turtus-stage': 'radial-gradient(120% 120% at 50% 0%, #1a2b24 0%, #101815 55%, #0b100e 100%)',
    '--turtus-accent': '#4acb98',
    // Of what is wrong with a field.
    '--mantine-color-error': '#ff8787',
    // White words on it can be read.
    '--mantine-color-red-filled': '#d6312f',
    '--mantine-color-red-filled-hover': '#c92a2a',
    '--mantine-color-default-border': 'rgba(214, 240, 228, 0.13)',
    '--mantine-color-default': '#19221e',
    '--mantine-color-default-hover': '#202b26',
  },
  light: {
    '--mantine-color-body': '#f4f7f5',
    '--mantine-color-dimmed': '#5a6961',
    '--turtus-surface': '#ffffff',
    '--turtus-raised': '#ffffff',
    '--turtus-line': 'rgba(16, 48, 36, 0.1)',
    '--turtus-shade': '0 18px 44px -22px rgba(16, 48, 36, 0.35)',
    '--turtus-stage': 'radial-gradient(120% 120% at 50% 0%, #24382f 0%, #17211d 60%, #111916 100%)',
    '--turtus-accent': '#0c7452',
    // Of words that warn.
    '--mantine-color-orange-text': '#b8460b',
    // Of red words in menus.
    '--mantine-color-red-6': '#d6312f',
    '--mantine-color-default-border': 'rgba(16, 48, 36, 0.16)',
  },
});
