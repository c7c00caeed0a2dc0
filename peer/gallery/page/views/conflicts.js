// What two devices decided differently, side by side; one click settles it on all devices.

import { confirm } from '../dialogs.js';
import { Icon } from '../icons.js';
import { act } from '../lib/actions.js';
import { ApiError, get, post, query } from '../lib/api.js';
import { countOf } from '../lib/format.js';
import { html, useEffect, useState } from '../lib/html.js';
import { ConflictChoice } from '../viewer/conflict_choice.js';
import { Empty, Heading, showPage, useAnswer, Waiting } from './parts/pages.js';

const MANY = 6;
const KINDS = { asset: 'A photo', album: 'An album', device: 'A device', library: 'Settings of the library' };
const ICONS = { asset: 'photos', album: 'albums', device: 'devices', library: 'sliders' };

export const mount = (element, context) => showPage(element, Conflicts, context);

function Conflicts({ open }) {
  const [answer, reload] = useAnswer('/conflicts');
  if (!answer) return html`<${Waiting} title="Conflicts" />`;
  const { conflicts } = answer;
  if (!conflicts.length) {
    return html`
      <${Heading} title="Conflicts" />
      <${Empty} icon="check" title="Your devices agree about everything">
        When two devices change the same thing without knowing of each other, both answers are kept, one is shown, and you choose here.
      <//>
    `;
  }
  const run = async (_, body) => {
    await act(() => post('/conflicts/resolve', body), () => 'Settled, on all of your devices.');
    reload();
  };
  const keepAll = async () => {
    const isSure = await confirm({
      title: `Keep what is shown in ${countOf(conflicts.length, 'conflict')}?`,
      text: 'The other answers are let go. Each of these decisions can be undone.',
      action: 'Keep what is shown',
    });
    if (!isSure) return;
    await act(
      async () => {
        for (const { id, field } of conflicts) await post('/conflicts/resolve', { id, field, winner: true });
        return {};
      },
      () => `${countOf(conflicts.length, 'conflict')} settled.`,
      { canUndo: false },
    );
    reload();
  };
  return html`
    <${Heading} title="Conflicts">${conflicts.length >= MANY && html`<button type="button" class="button" onClick=${keepAll}>Keep all that is shown</button>`}<//>
    <p class="soft">Two devices changed the same thing without knowing of each other. Nothing is lost: one answer is shown now, and you can take the other.</p>
    ${[...byRecord(conflicts)].map(([id, some]) => html`<${OfRecord} key=${id} id=${id} conflicts=${some} run=${run} open=${open} />`)}
    ${answer.more && html`<p class="soft">There are more. They are shown when some of these are settled.</p>`}
  `;
}

function OfRecord({ id, conflicts, run, open }) {
  const { record } = conflicts[0];
  const [known, setKnown] = useState(null);
  useEffect(() => {
    describe(record, id).then(setKnown);
  }, [id, conflicts]);
  const title = known?.title || KINDS[record];
  return html`
    <article class="card conflict-card" aria-label=${title}>
      <${Face} known=${known} record=${record} open=${open} />
      <div class="conflict-choices">
        <h2>${title}</h2>
        ${conflicts.map((conflict) => html`<${ConflictChoice} key=${conflict.field} conflict=${conflict} run=${run} edits=${known?.edits ?? null} />`)}
        ${known && !known.edits && conflicts.some(({ field }) => field.startsWith('edit:')) && html`<p class="soft">Pictures of both are shown when the original is on this device.</p>`}
      </div>
    </article>
  `;
}

function Face({ known, record, open }) {
  const picture = known?.face?.picture
    ? html`<img alt="" src=${`/media/${known.face.id}/thumbnail${query({ v: known.face.picture })}`} />`
    : html`<${Icon} name=${ICONS[record]} />`;
  if (record === 'asset') return html`<button type="button" class="conflict-face" aria-label="Show the photo" onClick=${() => known && open(known.face.id)}>${picture}</button>`;
  return html`<span class="conflict-face">${picture}</span>`;
}

/** { title, face: { id, picture }, edits (of a photo whose original is here) } of what a conflict is about; null when that isn't known. */
async function describe(record, id) {
  try {
    if (record === 'asset') {
      const { row, edits } = await get(`/assets/${id}`);
      return { title: row.caption || row.name, face: { id: row.id, picture: row.picture }, edits: row.original === 'here' ? edits : null };
    }
    if (record === 'album') {
      const { title, face } = await get(`/albums/${id}`);
      return { title, face };
    }
    if (record === 'device') return { title: (await get('/devices')).devices.find((device) => device.id === id)?.name };
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return null;
  }
}

function byRecord(conflicts) {
  const groups = new Map();
  for (const each of conflicts) groups.set(each.id, [...(groups.get(each.id) ?? []), each]);
  return groups;
}
