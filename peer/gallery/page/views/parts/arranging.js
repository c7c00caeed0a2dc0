// The order of an album: drag a photo to its place, or move it with the keys. Each move is an action of its own, so each can be undone.

import { showSheet } from '../../dialogs.js';
import { act } from '../../lib/actions.js';
import { post } from '../../lib/api.js';
import { html, useRef, useState } from '../../lib/html.js';
import { nameOf } from '../../timeline/words.js';
import { moved, placeIn } from './order.js';
import { photosOf, Thumbnail } from './photos_of_album.js';

const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

export async function arrange(album) {
  const rows = await act(() => photosOf(album));
  if (rows) await showSheet(`Arrange “${album.title}”`, () => html`<${Arranging} album=${album} rows=${rows} />`, { wide: true });
}

function Arranging({ album, rows }) {
  const [order, setOrder] = useState(rows);
  const [dragged, setDragged] = useState(null);
  const [said, setSaid] = useState('');
  const list = useRef(null);

  const put = async (from, to) => {
    const place = Math.min(Math.max(to, 0), order.length - 1);
    const now = moved(order, from, place);
    const told = placeIn(now.map((row) => row.id), place, order.map((row) => row.id));
    if (!told) return;
    setOrder(now);
    setSaid(`${nameOf(order[from])}: place ${place + 1} of ${order.length}`);
    const answer = await act(() => post(`/albums/${album.id}/move`, { ids: [order[from].id], ...told }));
    if (!answer) setOrder(order);
  };
  const onKeyDown = (event, index) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const to = Math.min(Math.max(index + step, 0), order.length - 1);
    if (event.altKey || event.ctrlKey || event.metaKey) put(index, to).then(() => focusOn(to));
    focusOn(to);
  };
  const focusOn = (index) => list.current?.querySelectorAll('button')[index]?.focus();
  const onDrop = (event, to) => {
    event.preventDefault();
    if (dragged !== null) put(dragged, to);
    setDragged(null);
  };
  return html`
    <p class="soft">Drag photos to their places; with the keyboard: arrows go from photo to photo, Alt and an arrow moves the photo.</p>
    <p class="visually-hidden" role="status">${said}</p>
    <ul class="choices" ref=${list}>
      ${order.map(
        (row, index) => html`
          <li key=${row.id} onDragOver=${(event) => dragged !== null && event.preventDefault()} onDrop=${(event) => onDrop(event, index)}>
            <button
              type="button"
              class=${dragged === index ? 'choice dragged' : 'choice'}
              draggable=${true}
              aria-label=${`${nameOf(row)}, place ${index + 1} of ${order.length}`}
              onDragStart=${() => setDragged(index)}
              onDragEnd=${() => setDragged(null)}
              onKeyDown=${(event) => onKeyDown(event, index)}
            >
              <${Thumbnail} row=${row} />
            </button>
          </li>
        `,
      )}
    </ul>
  `;
}
