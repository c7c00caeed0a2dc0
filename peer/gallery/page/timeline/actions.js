// What can be done with photos that are selected. Everything can be undone; what can't asks first.

import { ask, confirm, showSheet } from '../dialogs.js';
import { act } from '../lib/actions.js';
import { get, post } from '../lib/api.js';
import { html, useEffect, useState } from '../lib/html.js';
import { locationOf } from '../viewer/facts.js';
import { countText } from './words.js';

const MOST_IN_ADDRESS = 100;
const LARGE = 200;
const KEPT_IN_TRASH = 'They stay there for a while, and can be brought back until then.';
const ids = (rows) => rows.map((row) => row.id);
const set = (rows, assignments, done) => act(() => post('/assets/set', { ids: ids(rows), assignments }), () => done);
const many = (rows) => countText(rows.length);

/** Each takes the rows; gives the answer, or null when it wasn't done. */
export const ACTIONS = {
  favorite(rows) {
    const on = rows.some((row) => !row.favorite);
    return set(rows, [`favorite=${on ? 'yes' : 'no'}`], on ? `${many(rows)} marked as favourite.` : `${many(rows)} no longer favourite.`);
  },
  rate(rows, rating) {
    return set(rows, [`rating=${rating}`], rating ? `${many(rows)} rated ${rating}.` : `${many(rows)} without a rating.`);
  },
  hide(rows) {
    const on = rows.some((row) => !row.hidden);
    return set(rows, [`hidden=${on ? 'yes' : 'no'}`], on ? `${many(rows)} hidden.` : `${many(rows)} shown again.`);
  },
  async keyword(rows) {
    const word = await ask({ title: 'Add a keyword', label: `For ${many(rows)}`, placeholder: 'sea', action: 'Add' });
    return word?.trim() ? set(rows, [`keyword+=${word.trim()}`], `“${word.trim()}” added to ${many(rows)}.`) : null;
  },
  async date(rows) {
    const { editDate } = await import('../views/parts/date_editor.js');
    const assignments = await editDate(rows);
    return assignments && set(rows, assignments, `Date of ${many(rows)} set.`);
  },
  async place(rows) {
    const { editPlace } = await import('../views/parts/place_editor.js');
    const assignments = await editPlace(rows, await placeOf(rows));
    return assignments && set(rows, assignments, `Place of ${many(rows)} set.`);
  },
  async album(rows) {
    const chosen = await chooseAlbum(rows);
    if (!chosen) return null;
    return act(
      async () => {
        const album = chosen.id ? chosen : newAlbum(await post('/albums', { title: chosen.title }));
        return post(`/albums/${album.id}/add`, { ids: ids(rows) });
      },
      () => `${many(rows)} added to “${chosen.title}”.`,
    );
  },
  removeFromAlbum(rows, album) {
    return act(() => post(`/albums/${album}/remove`, { ids: ids(rows) }), () => `${many(rows)} taken out of the album.`);
  },
  async trash(rows) {
    const isLarge = rows.length > LARGE;
    const isSure = !isLarge || (await confirm({ title: `Move ${many(rows)} to the trash?`, text: KEPT_IN_TRASH, action: 'Move to the trash' }));
    const body = { ids: ids(rows), sure: isLarge };
    return isSure ? act(() => post('/assets/trash', body), () => `${many(rows)} moved to the trash.`) : null;
  },
  restore(rows) {
    return act(() => post('/assets/restore', { ids: ids(rows) }), () => `${many(rows)} restored.`);
  },
  async purge(rows) {
    const isSure = await confirm({
      title: `Delete ${many(rows)} for ever?`,
      text: 'They go from all of your devices and can’t be brought back.',
      action: 'Delete for ever',
      danger: true,
    });
    return isSure ? act(() => post('/assets/purge', { ids: ids(rows), sure: true }), () => `${many(rows)} deleted.`, { canUndo: false }) : null;
  },
  download(rows) {
    return act(async () => {
      if (rows.length === 1) return save(`/media/${rows[0].id}/original`, rows[0].name);
      if (rows.length <= MOST_IN_ADDRESS) return save(`/api/v1/zip?ids=${ids(rows).join(',')}`, '');
      const { url } = await post('/zip', { ids: ids(rows) });
      return save(url, '');
    }, () => '');
  },
};

const newAlbum = (answer) => answer.album ?? answer;

/** Where one photo was taken, if that is known. */
async function placeOf(rows) {
  const details = rows.length === 1 ? await act(() => get(`/assets/${rows[0].id}`)) : null;
  return details && locationOf(details);
}

function save(url, name) {
  const link = document.createElement('a');
  link.href = url;
  link.download = name ?? '';
  document.body.append(link);
  link.click();
  link.remove();
  return {};
}

/** { id, title } of an album, { title } of one that has to be made, or null. */
function chooseAlbum(rows) {
  return showSheet(`Add ${many(rows)} to an album`, (close) => html`<${AlbumChooser} close=${close} />`);
}

function AlbumChooser({ close }) {
  const [albums, setAlbums] = useState(null);
  const [typed, setTyped] = useState('');
  useEffect(() => {
    act(() => get('/albums')).then((answer) => setAlbums(answer?.albums ?? []));
  }, []);
  const wanted = typed.trim().toLowerCase();
  const found = (albums ?? []).filter((album) => !album.trashed && (album.title ?? '').toLowerCase().includes(wanted));
  const isNew = wanted && !found.some((album) => album.title.toLowerCase() === wanted);
  const submit = (event) => {
    event.preventDefault();
    if (isNew) close({ title: typed.trim() });
    else if (found.length) close(found[0]);
  };
  return html`
    <form onSubmit=${submit}>
      <label>Album<input class="field" value=${typed} onInput=${(event) => setTyped(event.target.value)} placeholder="Find, or name a new one" autofocus /></label>
      <ul class="album-choices">
        ${isNew && html`<li><button type="button" onClick=${() => close({ title: typed.trim() })}>New album <strong>${typed.trim()}</strong></button></li>`}
        ${found.slice(0, 100).map((album) => html`<li key=${album.id}><button type="button" onClick=${() => close(album)}>${album.title}</button></li>`)}
      </ul>
      ${albums && !albums.length && !isNew && html`<p>There are no albums yet. Type a name to make one.</p>`}
      <div class="sheet-actions"><button type="button" class="button" onClick=${() => close()}>Cancel</button></div>
    </form>
  `;
}
