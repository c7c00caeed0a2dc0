// The order of an album: carry a photo to its place, or move it with the keys. Each move is an action of its own, so each can be undone.

import { showSheet } from '../../dialogs.js';
import { act } from '../../lib/actions.js';
import { post } from '../../lib/api.js';
import { html, useEffect, useLayoutEffect, useRef, useState } from '../../lib/html.js';
import { nameOf } from '../../timeline/words.js';
import { followGrabs } from './grabbing.js';
import { moved, placeIn } from './order.js';
import { MOST, photosOf, Thumbnail } from './photos_of_album.js';

export async function arrange(album) {
  const rows = await act(() => photosOf(album));
  if (rows) await showSheet(`Arrange “${album.title}”`, () => html`<${Arranging} album=${album} rows=${rows} />`, { wide: true });
}

function Arranging({ album, rows }) {
  const [order, setOrder] = useState(rows);
  const [carried, setCarried] = useState(null);
  const [said, setSaid] = useState('');
  const list = useRef(null);
  const focused = useRef(null);
  const now = useRef(null);
  now.current = { order, carried };

  const tell = async (before, after, row) => {
    const place = after.indexOf(row);
    const told = placeIn(after.map(({ id }) => id), place, before.map(({ id }) => id));
    if (!told) return;
    setSaid(`${nameOf(row)}: place ${place + 1} of ${after.length}`);
    if (!(await act(() => post(`/albums/${album.id}/move`, { ids: [row.id], ...told })))) setOrder(before);
  };
  const put = (from, to) => {
    const after = moved(order, from, to);
    setOrder(after);
    tell(order, after, order[from]);
  };
  useEffect(() => {
    let before = null;
    return followGrabs(list.current, list.current.closest('dialog'), {
      took: (index) => {
        before = now.current.order;
        setCarried(before[index]);
      },
      over: (index) => {
        const { order: shown, carried: row } = now.current;
        const from = shown.indexOf(row);
        if (row && from !== index) setOrder(moved(shown, from, index));
      },
      dropped: () => {
        tell(before, now.current.order, now.current.carried);
        setCarried(null);
      },
      letGo: () => {
        setOrder(before ?? now.current.order);
        setCarried(null);
      },
    });
  }, []);
  useLayoutEffect(() => {
    if (focused.current === null) return;
    list.current.querySelector(`[data-id="${focused.current}"]`)?.focus(); // it was moved, and lost it by that
    focused.current = null;
  });
  const onKeyDown = (event, index) => {
    const to = Math.min(Math.max(target(event.key, index, list.current), 0), order.length - 1);
    if (Number.isNaN(to)) return;
    event.preventDefault();
    if (to === index) return;
    const isMove = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
    if (isMove) {
      focused.current = order[index].id;
      put(index, to);
    } else list.current.children[to].querySelector('button').focus();
  };
  return html`
    <p class="soft">
      <span class="with-mouse">Carry a photo to its place. With the keyboard, arrows go from photo to photo, and Shift with an arrow moves the photo.</span>
      <span class="with-finger">Hold a photo for a moment, then carry it to its place.</span>
    </p>
    ${album.assets > MOST && html`<p class="soft">These are the first ${MOST.toLocaleString()} of ${album.assets.toLocaleString()} photos.</p>`}
    <p class="visually-hidden" role="status">${said}</p>
    <ol class="choices arranging" ref=${list}>
      ${order.map(
        (row, index) => html`
          <li key=${row.id}>
            <button type="button" data-id=${row.id} class=${row === carried ? 'choice carried' : 'choice'} aria-label=${`${nameOf(row)}, place ${index + 1} of ${order.length}`} onKeyDown=${(event) => onKeyDown(event, index)}>
              <${Thumbnail} row=${row} />
            </button>
          </li>
        `,
      )}
    </ol>
  `;
}

/** Where a key leads from the place `index`; NaN of others. */
function target(key, index, list) {
  const columns = getComputedStyle(list).gridTemplateColumns.split(' ').length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -Infinity, End: Infinity };
  return index + (steps[key] ?? NaN);
}
