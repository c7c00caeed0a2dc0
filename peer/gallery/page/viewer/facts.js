// What is known of a photo, in words. Pure: the details of a photo (GET /api/v1/assets/ID) in, text out.

import { LANGUAGE, sizeText } from '../lib/format.js';

const format = (options) => new Intl.DateTimeFormat(LANGUAGE, { ...options, timeZone: 'UTC' });
const DATE = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const DATE_SHORT = format({ day: 'numeric', month: 'short', year: 'numeric' });
const TIME = format({ hour: '2-digit', minute: '2-digit' });
const MOMENT = new Intl.DateTimeFormat(LANGUAGE, { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
const MEGA = 1e6;
const SLOWEST_FRACTION = 0.4;
const LOCAL_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/;

export const ROLES = new Map([
  ['primary', 'Original'],
  ['raw', 'RAW'],
  ['motion', 'Moving part'],
  ['sidecar', 'Sidecar'],
  ['version', 'Version'],
  ['preview', 'Preview'],
  ['thumbnail', 'Thumbnail'],
]);

const FIELDS = new Map([
  ['taken', 'date'],
  ['location', 'place'],
  ['favorite', 'favourite'],
  ['trashed', 'trash'],
  ['title', 'title'],
]);

/** { date, short, time, zone } of the wall clock where it was taken, or null. */
export function momentOf(taken) {
  const match = LOCAL_TIME.exec(taken ?? '');
  if (!match) return null;
  const [year, month, day, hour, minute] = match.slice(1, 6).map(Number);
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute));
  date.setUTCFullYear(year);
  const zone = match[7] === 'Z' ? 'UTC' : match[7] ? `UTC${match[7].replace('-', '−')}` : '';
  return { date: DATE.format(date), short: DATE_SHORT.format(date), time: TIME.format(date), zone };
}

/** An instant as the person's own clock says it. */
export function instant(text) {
  const date = new Date(text ?? NaN);
  return Number.isNaN(date.getTime()) ? '' : MOMENT.format(date);
}

/** "1.2 MB"; "" when nobody knows. */
export const bytes = (size) => (Number.isFinite(size) ? sizeText(size) : '');

/** "4,000 × 3,000 · 12 MP" */
export function dimensions(width, height) {
  if (!(width > 0 && height > 0)) return '';
  const megapixels = (width * height) / MEGA;
  const share = megapixels >= 10 ? Math.round(megapixels) : megapixels.toFixed(1);
  return `${width.toLocaleString(LANGUAGE)} × ${height.toLocaleString(LANGUAGE)}${megapixels >= 0.1 ? ` · ${share} MP` : ''}`;
}

/** "Canon EOS R5": makers like to say their name twice. */
export function camera({ make = '', model = '' }) {
  const [maker, name] = [String(make ?? '').trim(), String(model ?? '').trim()];
  const first = maker.split(/\s+/)[0].toLowerCase();
  return first && name.toLowerCase().startsWith(first) ? name : [maker, name].filter(Boolean).join(' ');
}

/** What stands below the camera: ["24 mm", "ƒ2.8", "1/250 s", "ISO 100"]. */
export function exposureOf({ focal, f, exposure, iso }) {
  return [
    positive(focal) && `${rounded(focal)} mm`,
    positive(f) && `ƒ${rounded(f)}`,
    positive(exposure) && seconds(exposure),
    positive(iso) && `ISO ${Math.round(iso)}`,
  ].filter(Boolean);
}

const positive = (value) => typeof value === 'number' && value > 0;
const rounded = (value) => Number(value.toFixed(1)).toString();

function seconds(time) {
  return time < SLOWEST_FRACTION ? `1/${Math.round(1 / time)} s` : `${rounded(time)} s`;
}

/** "36.9534° N, 4.5470° W" of [latitude, longitude, altitude]. */
export function coordinates([latitude, longitude, altitude]) {
  const part = (value, [above, below]) => `${Math.abs(value).toFixed(4)}° ${value < 0 ? below : above}`;
  const height = typeof altitude === 'number' ? [`${Math.round(altitude)} m`] : [];
  return [part(latitude, 'NS'), part(longitude, 'EW'), ...height].join(', ');
}

/** Where the photo was taken: what a person said, else what the file says. */
export function locationOf({ location, exif, sidecar }) {
  const found = [location, sidecar?.gps, exif?.gps].find((each) => Array.isArray(each) && each.length >= 2 && each.slice(0, 2).every(Number.isFinite));
  return found ?? null;
}

/** Where a file lies: ["this device", "NAS", …], those that are known to have it. */
export function holdersOf(file) {
  const others = (file.holders ?? []).filter((holder) => holder.acknowledged !== false).map((holder) => holder.node ?? holder.name);
  return [...(file.here ? ['this device'] : []), ...others];
}

/** A field as people call it: "caption", "exposure". */
export function fieldName(field) {
  return FIELDS.get(field) ?? field.replace(/^(edit|role|position):/, '').replace(/[-_]/g, ' ');
}

/** A value of a field as people read it. */
export function valueText(field, value) {
  if (value === null || value === undefined || value === '') return 'nothing';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (field === 'taken') return takenText(value);
  if (field === 'location' && Array.isArray(value)) return coordinates(value);
  if (field === 'rating') return `${value} of 5`;
  if (typeof value === 'number') return `${value < 0 ? '−' : ''}${rounded(Math.abs(value))}`;
  if (Array.isArray(value)) return value.map((each) => (typeof each === 'number' ? rounded(each) : String(each))).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function takenText(value) {
  const moment = momentOf(String(value));
  return moment ? `${moment.date}, ${moment.time}` : String(value);
}

/** A list in words: "A, B and C". */
export function listed(words) {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
