// Light, dark, or as the system says; kept for this browser. theme.js sets it before the page is painted.

const KEY = 'calotype.theme';

/** [theme, title, icon]. */
export const THEMES = [
  ['auto', 'System', 'auto'],
  ['light', 'Light', 'sun'],
  ['dark', 'Dark', 'moon'],
];

export const themeNow = () => document.documentElement.dataset.theme ?? 'auto';

export function chooseTheme(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Without storage it lasts as long as the page.
  }
}
