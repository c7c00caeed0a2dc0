// Where pictures and films are had. Pure.

import { query } from '../lib/api.js';

/** Types that every browser shows as they are. */
const SHOWN = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif']);

const path = (id, kind) => `/media/${encodeURIComponent(id)}/${kind}`;

/** With the version of its pictures in it, so that browsers may keep them. */
export const thumbnailOf = (row) => path(row.id, 'thumbnail') + query({ v: row.picture });
export const previewOf = (row) => path(row.id, 'preview') + query({ v: row.picture });
export const originalOf = (id) => path(id, 'original');
export const motionOf = (id) => path(id, 'motion');

/** A picture made for this address: `edits` as a record has them; without any the picture as it came; `edge`: its longer side, without it all of it. */
export function renderingOf(id, edits = {}, edge = undefined) {
  const texts = Object.entries(edits)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value === true ? 'yes' : value === false ? 'no' : String(value)]);
  return path(id, 'render') + query({ ...Object.fromEntries(texts), edge });
}

export const isEdited = (details) => Object.values(details.edits ?? {}).some((value) => value !== null);

/** The largest picture there is of a photo whose original is here: the file itself when browsers show it as it is, else one that is made. */
export function largestOf(details) {
  return !isEdited(details) && SHOWN.has(details.media) ? originalOf(details.id) : renderingOf(details.id, details.edits);
}
