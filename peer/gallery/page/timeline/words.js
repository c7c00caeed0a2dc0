// Months, days, durations and the names of photos, in words. Pure.

import { countOf, LANGUAGE } from '../lib/format.js';

const format = (options) => new Intl.DateTimeFormat(LANGUAGE, { ...options, timeZone: 'UTC' });
const MONTH = format({ month: 'long', year: 'numeric' });
const MONTH_ALONE = format({ month: 'long' });
const DAY_LONG = format({ weekday: 'long', day: 'numeric', month: 'long' });
const DAY = format({ weekday: 'short', day: 'numeric', month: 'short' });
const DAY_SHORT = format({ day: 'numeric', month: 'short' });
const DAY_FULL = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const MOMENT = format({ day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' });
const WIDE = 210;
const NARROW = 92;
const LONGEST_NAME = 200;

export const NO_TIME = 'Without a date';

/** "July 2024" of "2024-07"; of "" that there is no date. */
export function monthTitle(month) {
  const date = parsed(`${month}-01`);
  return date ? MONTH.format(date) : NO_TIME;
}

export function monthName(month) {
  const date = parsed(`${month}-01`);
  return date ? MONTH_ALONE.format(date) : NO_TIME;
}

export const yearOf = (month) => month.slice(0, 4);

/** A heading that fits into `width` pixels. `today`: "2024-07-21" as the person's calendar says. */
export function dayTitle(day, width = Infinity, today = '') {
  const date = parsed(day);
  if (!date) return NO_TIME;
  if (day === today) return 'Today';
  if (width < NARROW) return DAY_SHORT.format(date);
  return (width < WIDE ? DAY : DAY_LONG).format(date);
}

export function dayInFull(day) {
  const date = parsed(day);
  return date ? DAY_FULL.format(date) : NO_TIME;
}

/** 65 → "1:05", 3725 → "1:02:05". */
export function durationText(seconds) {
  const whole = Math.max(Math.round(seconds), 0);
  const minutes = Math.floor(whole / 60);
  const rest = String(whole % 60).padStart(2, '0');
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

/** "1 photo", "12,000 photos". */
export const countText = (count, one = 'photo', many = `${one}s`) => countOf(count, one, many);

/** What a picture is called: its caption, else when it was taken, else its name. */
export function nameOf(row) {
  const date = parsed(row.taken ?? '');
  const name = row.caption || (date ? MOMENT.format(date) : '') || row.name || 'Without a name';
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
}

/** The same with everything that its badges show, for those who hear it. */
export function spokenName(row) {
  const kind = row.kind === 'video' ? `Video${row.duration ? `, ${durationText(row.duration)}` : ''}` : 'Photo';
  const marks = [
    row.favorite && 'favourite',
    row.rating > 0 && `rated ${row.rating}`,
    row.live && 'Live Photo',
    row.raw && 'RAW',
    row.conflicts > 0 && countText(row.conflicts, 'open conflict'),
    row.original === 'elsewhere' && 'original on another device',
    row.original === 'nowhere' && 'original not found anywhere',
  ];
  return [kind, nameOf(row), ...marks.filter(Boolean)].join(', ');
}

/** The time on the wall where the photo was taken: its zone doesn't matter for its day. */
function parsed(text) {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d))?/.exec(text);
  if (!match) return null;
  const [year, month, day, hour = 0, minute = 0] = match.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute));
  date.setUTCFullYear(year);
  return Number.isNaN(date.getTime()) ? null : date;
}
