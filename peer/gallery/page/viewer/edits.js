// The parameters of the edit mode and those of a record. Pure.

import { NEUTRAL, SLIDERS } from './pixels.js';

const FULL_TURN = 360;
const DIGITS = 6;

const isWhole = (crop) => crop.every((value, place) => value === NEUTRAL.crop[place]);
const text = (value) => String(Number(value.toFixed(DIGITS)));

/** Whether nothing is edited. */
export function isNeutral(parameters) {
  return Object.keys(NEUTRAL).every((name) => (name === 'crop' ? isWhole(parameters.crop) : parameters[name] === NEUTRAL[name]));
}

/**
 * What has to be said to POST /api/v1/assets/ID/edit so that a record with `before` has `after`: only what differs, as text. `rotate` is told by how much
 * more, because that is how the command understands it.
 */
export function changesBetween(before, after) {
  const changes = {};
  if (after.crop.join() !== before.crop.join()) changes.crop = isWhole(after.crop) ? 'none' : after.crop.map((value) => value.toFixed(DIGITS)).join(',');
  if (after.rotate !== before.rotate) changes.rotate = String((after.rotate - before.rotate + FULL_TURN) % FULL_TURN);
  for (const name of ['straighten', ...SLIDERS]) if (after[name] !== before[name]) changes[name] = after[name] ? text(after[name]) : 'none';
  for (const name of ['flip', 'filter']) if (after[name] !== before[name]) changes[name] = after[name] || 'none';
  if (after.monochrome !== before.monochrome) changes.monochrome = after.monochrome ? 'yes' : 'none';
  return changes;
}

/** A flip as the person sees it: on a picture that is turned by a quarter, across is down. */
export function flipped({ flip, rotate }, seen) {
  const way = rotate % 180 ? { h: 'v', v: 'h' }[seen] : seen;
  const ways = new Set(flip);
  if (!ways.delete(way)) ways.add(way);
  return ['h', 'v'].filter((each) => ways.has(each)).join('');
}
