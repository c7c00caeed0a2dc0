// All albums with the photo that stands for each, and those in the trash.

import { ask } from '../dialogs.js';
import { Icon } from '../icons.js';
import { act } from '../lib/actions.js';
import { post, query } from '../lib/api.js';
import { agoText, countOf } from '../lib/format.js';
import { html } from '../lib/html.js';
import { Empty, Heading, Section, showPage, useAnswer, Waiting } from './parts/pages.js';

export const mount = (element, context) => showPage(element, Albums, context);

function Albums({ navigate }) {
  const [answer] = useAnswer('/albums');
  const [gone] = useAnswer('/albums', { trash: 1 });
  if (!answer) return html`<${Waiting} title="Albums" />`;
  const create = async () => {
    const title = await ask({ title: 'New album', label: 'Title', placeholder: 'Sweden 2024', action: 'Create' });
    if (!title?.trim()) return;
    const album = await act(() => post('/albums', { title: title.trim() }), () => `Album “${title.trim()}” created.`);
    if (album) navigate(`/album/${album.id}`);
  };
  const button = html`<button type="button" class="button primary" onClick=${create}><${Icon} name="plus" />New album</button>`;
  return html`
    <${Heading} title="Albums">${answer.albums.length > 0 && button}<//>
    ${answer.albums.length
      ? html`<ul class="album-grid">${answer.albums.map((album) => html`<${Album} key=${album.id} album=${album} />`)}</ul>`
      : html`<${Empty} icon="albums" title="No albums yet">
          <p>An album holds photos in an order of your own, on all of your devices. Make one here, or select photos and add them to one.</p>
          ${button}
        <//>`}
    ${gone?.albums.length > 0 &&
    html`<${Section} title="In the trash">
      <ul class="rows">${gone.albums.map((album) => html`<${Gone} key=${album.id} album=${album} />`)}</ul>
    <//>`}
  `;
}

function Album({ album }) {
  const { face } = album;
  return html`
    <li>
      <a class="album-card" href=${`/album/${album.id}`}>
        <span class="album-face">
          ${face?.picture ? html`<img alt="" loading="lazy" decoding="async" src=${`/media/${face.id}/thumbnail${query({ v: face.picture })}`} />` : html`<${Icon} name="photos" />`}
        </span>
        <strong>${album.title || 'Without a title'}</strong>
        <small>${countOf(album.assets, 'photo')}${album.conflicts > 0 ? ' · open conflict' : ''}</small>
      </a>
    </li>
  `;
}

function Gone({ album }) {
  const restore = () => act(() => post(`/albums/${album.id}/restore`), () => `Album “${album.title}” restored.`);
  return html`
    <li>
      <span class="row-main"><strong>${album.title || 'Without a title'}</strong><small>${countOf(album.assets, 'photo')}, deleted ${agoText(album.trashed)}</small></span>
      <button type="button" class="button quiet" onClick=${restore}>Restore</button>
    </li>
  `;
}
