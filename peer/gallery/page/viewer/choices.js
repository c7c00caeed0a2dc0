// What devices decided differently, in words. Pure: an open conflict (GET /api/v1/conflicts) in, text out.

import { listText } from '../lib/format.js';
import { fieldName, valueText } from './facts.js';

const EDIT = 'edit:';
const STARS = 5;
const RECORDS = { album: 'the album’s', device: 'the device’s', library: 'the library’s' };

export const isEdit = ({ field }) => field.startsWith(EDIT);

/** Whether people may write an answer of their own, that neither device gave. */
export const isText = ({ kind, field, record }) => kind === 'values' && ((record === 'asset' && field === 'caption') || (record === 'album' && field === 'title'));

/** What it is about, as a heading: "Crop", "In the trash?", "The album’s title". */
export function titleOf({ kind, field, record }) {
  if (kind === 'trash') return 'Moved to the trash on one device, and wanted on another';
  const name = fieldName(field);
  return raised(RECORDS[record] ? `${RECORDS[record]} ${name}` : name);
}

/** What one side says: "★★★☆☆", "+40", "60 × 70 % of the picture". */
export function sideText({ field, kind }, { value }) {
  if (kind === 'trash') return value === 'restored' ? 'Keep it' : 'In the trash';
  const name = field.replace(EDIT, '');
  if (name === 'crop' && Array.isArray(value)) return `${percent(value[2])} × ${percent(value[3])} % of the picture`;
  if (name === 'rating' && Number.isInteger(value) && value >= 0 && value <= STARS) return '★'.repeat(value) + '☆'.repeat(STARS - value);
  if (name === 'rotate' && typeof value === 'number') return value ? `turned by ${value}°` : 'not turned';
  if (field.startsWith(EDIT) && typeof value === 'number') return value > 0 ? `+${valueText(name, value)}` : valueText(name, value);
  if (name === 'favorite') return value ? 'A favourite' : 'No favourite';
  if (name === 'hidden') return value ? 'Hidden' : 'Shown';
  if (field.startsWith(EDIT) && value === null) return 'as it was';
  return valueText(name, value);
}

/** What the button of a side says. */
export function actionText({ kind }, { value }, isShown) {
  if (kind !== 'trash') return isShown ? 'Keep this' : 'Take this';
  if (value === 'restored') return isShown ? 'Leave it out of the trash' : 'Take it out of the trash';
  return isShown ? 'Leave it in the trash' : 'Move it to the trash';
}

/** Why somebody who trashed would have thought twice: "changed caption and favourite"; "" when there is no reason. */
export function reasonText({ changed = [] }) {
  return changed.length ? `changed ${listText([...new Set(changed.map(fieldName))])}` : '';
}

/** What settles a conflict in favour of `side`, for POST /conflicts/resolve: its device where that is clear, else its value. */
export function answerOf({ kind, field, winner, others }, side) {
  const { value, device_id: device } = side;
  const isOnlyOne = [winner, ...others].filter((each) => each.device_id === device).length === 1;
  if (kind !== 'trash' && device && isOnlyOne) return { device };
  if (field === 'location') return { value: value ? value.join(',') : 'none' };
  return { value: typeof value === 'string' ? value : JSON.stringify(value) };
}

const percent = (part) => Math.round(part * 100);
const raised = (text) => text.charAt(0).toUpperCase() + text.slice(1);
