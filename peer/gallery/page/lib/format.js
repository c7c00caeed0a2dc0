// Amounts and times in words. Pure, but for the language of the browser.

/** Words of the page are English, so numbers and times are too, in the way of the reader's own country where it has one. */
export const LANGUAGE = globalThis.navigator?.language?.startsWith('en') ? navigator.language : 'en-GB';

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
const STEPS = [
  [60, 'second', 1],
  [3600, 'minute', 60],
  [86_400, 'hour', 3600],
  [7 * 86_400, 'day', 86_400],
  [30 * 86_400, 'week', 7 * 86_400],
  [365 * 86_400, 'month', 30 * 86_400],
  [Infinity, 'year', 365 * 86_400],
];
const MOMENT = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeStyle: 'short' });
const AGO = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'auto' });

/** Bytes in powers of 1000, as disks are sold: "0 bytes", "1.4 MB", "220 GB". */
export function sizeText(bytes) {
  let amount = Math.max(Number(bytes) || 0, 0);
  let unit = 0;
  while (amount >= 999.5 && unit < UNITS.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || amount >= 99.95 ? 0 : 1;
  return `${amount.toLocaleString(LANGUAGE, { maximumFractionDigits: digits })} ${unit === 0 && amount === 1 ? 'byte' : UNITS[unit]}`;
}

/** "1 photo", "12,000 photos". */
export function countOf(count, one, many = `${one}s`) {
  return `${Number(count).toLocaleString(LANGUAGE)} ${count === 1 ? one : many}`;
}

/** "Nov 23, 2026, 7:18 AM"; "never" for nothing. */
export function momentText(iso) {
  const date = new Date(iso ?? NaN);
  return Number.isNaN(date.getTime()) ? 'never' : MOMENT.format(date);
}

/** "just now", "3 minutes ago", "yesterday"; "never" for nothing. `now`: milliseconds since 1970. */
export function agoText(iso, now = Date.now()) {
  const then = new Date(iso ?? NaN).getTime();
  if (Number.isNaN(then)) return 'never';
  const seconds = (then - now) / 1000;
  if (Math.abs(seconds) < 10) return 'just now';
  const [, unit, length] = STEPS.find(([limit]) => Math.abs(seconds) < limit);
  return AGO.format(Math.round(seconds / length), unit);
}

/** How long something still takes: "less than a minute", "about 3 minutes", "about 2 hours"; "" when nobody knows. */
export function remainingText(seconds) {
  if (!Number.isFinite(seconds) || seconds < 0) return '';
  if (seconds < 60) return 'less than a minute';
  if (seconds < 5400) return `about ${countOf(Math.round(seconds / 60), 'minute')}`;
  if (seconds < 36 * 3600) return `about ${countOf(Math.round(seconds / 3600), 'hour')}`;
  return `about ${countOf(Math.round(seconds / 86_400), 'day')}`;
}

/** `names` as a sentence has them: "a, b and c"; of many the first ones, and how many others. */
export function listText(names, most = 4) {
  const shown = names.length <= most ? names : [...names.slice(0, most - 1), `${names.length - most + 1} others`];
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
