// Choosing the photo that stands for an album.

import { showSheet } from '../../dialogs.js';
import { act } from '../../lib/actions.js';
import { post } from '../../lib/api.js';
import { html } from '../../lib/html.js';
import { photosOf, Thumbnail } from './photos_of_album.js';

export async function chooseCover(album) {
  const rows = await act(() => photosOf(album));
  if (!rows) return;
  const chosen = await showSheet(
    'Choose the cover',
    (close) => html`
      <ul class="choices">
        ${rows.map(
          (row) => html`
            <li key=${row.id}>
              <button type="button" class=${row.id === album.face?.id ? 'choice chosen' : 'choice'} onClick=${() => close(row)}><${Thumbnail} row=${row} /></button>
            </li>
          `,
        )}
      </ul>
      <div class="sheet-actions"><button type="button" class="button" onClick=${() => close({ id: null })}>The first photo</button></div>
    `,
    { wide: true },
  );
  if (chosen) await act(() => post(`/albums/${album.id}/cover`, { id: chosen.id }), () => 'Cover chosen.');
}
