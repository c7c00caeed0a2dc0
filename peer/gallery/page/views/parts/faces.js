// A few photos that stand for many, small, in a row.

import { query } from '../../lib/api.js';
import { html } from '../../lib/html.js';

/** `faces`: [{ id, picture }]; `open(id)` shows one. */
export function Faces({ faces, open, most = 4 }) {
  const seen = faces.filter((face) => face.picture).slice(0, most);
  if (!seen.length) return null;
  return html`
    <span class="faces">
      ${seen.map(
        ({ id, picture }) => html`
          <button type="button" key=${id} aria-label="Show the photo" onClick=${() => open(id)}>
            <img alt="" loading="lazy" decoding="async" src=${`/media/${id}/thumbnail${query({ v: picture })}`} />
          </button>
        `,
      )}
    </span>
  `;
}
