// One album: its photos in the order that was chosen, and what can be done to all of it.

import { ask, confirm } from '../dialogs.js';
import { Icon } from '../icons.js';
import { act } from '../lib/actions.js';
import { ApiError, get, post } from '../lib/api.js';
import { countOf } from '../lib/format.js';
import { html, render } from '../lib/html.js';
import { onChanged } from '../lib/live.js';
import { arrange } from './parts/arranging.js';
import { chooseCover } from './parts/cover.js';
import { mount as mountTimeline } from './timeline.js';

export async function mount(element, context) {
  const { id } = context.parameters;
  const heading = document.createElement('div');
  heading.className = 'album-head';
  let album = null;
  const draw = () => render(album && html`<${Head} album=${album} context=${context} reload=${load} />`, heading);
  async function load() {
    try {
      album = await get(`/albums/${id}`);
      context.setTitle(album.title);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 400) context.navigate('/albums', { replace: true }); // It is gone: somebody deleted it for good.
    }
    draw();
  }
  await load();
  const shown = await mountTimeline(element, context, { view: { album: id }, heading, empty: nothing() });
  const end = onChanged(load);
  return Object.assign(
    () => {
      end();
      shown();
      render(null, heading);
    },
    { grid: shown.grid },
  );
}

function Head({ album, context, reload }) {
  const path = `/albums/${album.id}`;
  const rename = async () => {
    const title = await ask({ title: 'Rename the album', label: 'Title', value: album.title });
    if (title?.trim() && title !== album.title) await act(() => post(`${path}/rename`, { title: title.trim() }), () => 'Album renamed.');
    reload();
  };
  const remove = async () => {
    const isSure = await confirm({ title: `Delete “${album.title}”?`, text: 'The album goes to the trash. Its photos stay where they are.', action: 'Delete the album' });
    if (!isSure) return;
    if (await act(() => post(`${path}/delete`), () => `Album “${album.title}” deleted.`)) context.navigate('/albums');
  };
  const restore = async () => {
    await act(() => post(`${path}/restore`), () => `Album “${album.title}” restored.`);
    reload();
  };
  const tool = (name, label, onClick, isOff = false) =>
    html`<button type="button" class="button" disabled=${isOff} onClick=${onClick}><${Icon} name=${name} />${label}</button>`;
  return html`
    <div class="page-head">
      <div>
        <h1>${album.title || 'Without a title'}</h1>
        <p class="soft">${countOf(album.assets, 'photo')}${album.trashed ? ' · in the trash' : ''}</p>
      </div>
      <div class="page-tools">
        ${album.trashed
          ? tool('restore', 'Restore', restore)
          : html`${tool('arrange', 'Arrange', () => arrange(album), album.assets < 2)} ${tool('photos', 'Cover', () => chooseCover(album), !album.assets)}
              ${tool('edit', 'Rename', rename)} ${tool('trash', 'Delete', remove)}`}
      </div>
    </div>
  `;
}

function nothing() {
  const element = document.createElement('div');
  render(
    html`<div class="empty"><${Icon} name="albums" /><h2>Nothing in this album yet</h2><p>Select photos anywhere, and choose “Add to an album”.</p></div>`,
    element,
  );
  return element;
}
