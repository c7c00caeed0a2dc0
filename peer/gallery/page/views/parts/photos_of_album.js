// All photos of an album in their order, for choosing among them.

import { get, query } from '../../lib/api.js';
import { nameOf } from '../../timeline/words.js';
import { html } from '../../lib/html.js';

const PIECE = 1000;
export const MOST = 5000;

/** The rows of the first five thousand photos. */
export async function photosOf(album) {
  const rows = [];
  while (rows.length < Math.min(album.assets, MOST)) {
    const { assets } = await get('/timeline/none', { album: album.id, from: rows.length, count: PIECE });
    if (!assets.length) break;
    rows.push(...assets);
  }
  return rows;
}

export function Thumbnail({ row }) {
  return row.picture
    ? html`<img alt=${nameOf(row)} loading="lazy" decoding="async" draggable=${false} src=${`/media/${row.id}/thumbnail${query({ v: row.picture })}`} />`
    : html`<span class="no-picture">${nameOf(row)}</span>`;
}
