// What two devices decided differently, side by side; one click settles it on all devices.

import { Icon } from '../icons.js';
import { act } from '../lib/actions.js';
import { get, post, query } from '../lib/api.js';
import { html, useEffect, useState } from '../lib/html.js';
import { ConflictChoice } from '../viewer/conflict_choice.js';
import { Empty, Heading, showPage, useAnswer } from './parts/pages.js';

export const mount = (element, context) => showPage(element, Conflicts, context);

function Conflicts({ open }) {
  const [answer, reload] = useAnswer('/conflicts');
  if (!answer) return null;
  if (!answer.conflicts.length) {
    return html`<${Empty} icon="check" title="Your devices agree about everything">
      When two devices change the same thing without knowing of each other, both answers are kept, one is shown, and you choose here.
    <//>`;
  }
  const run = async (_, body) => {
    await act(() => post('/conflicts/resolve', body), () => 'Settled, on all of your devices.');
    reload();
  };
  const byRecord = Map.groupBy ? Map.groupBy(answer.conflicts, (each) => each.id) : grouped(answer.conflicts);
  return html`
    <${Heading} title="Conflicts" />
    <p class="soft">Two devices changed the same thing without knowing of each other. Nothing is lost: what is shown now is marked, and every other answer is a click away.</p>
    ${[...byRecord].map(([id, conflicts]) => html`<${OfRecord} key=${id} id=${id} conflicts=${conflicts} run=${run} open=${open} />`)}
    ${answer.more && html`<p class="soft">There are more. They are shown when some of these are settled.</p>`}
  `;
}

function OfRecord({ id, conflicts, run, open }) {
  const isPhoto = conflicts[0].record === 'asset';
  const [row, setRow] = useState(null);
  useEffect(() => {
    if (isPhoto) get(`/assets/${id}`).then((answer) => setRow(answer.row), () => setRow(null));
  }, [id, conflicts]);
  return html`
    <article class="card conflict-card">
      <button type="button" class="conflict-face" aria-label=${isPhoto ? 'Show the photo' : 'Album'} disabled=${!isPhoto} onClick=${() => open(id)}>
        ${row?.picture ? html`<img alt="" src=${`/media/${id}/thumbnail${query({ v: row.picture })}`} />` : html`<${Icon} name=${isPhoto ? 'photos' : 'albums'} />`}
      </button>
      <div class="conflict-choices">
        ${row && html`<h2>${row.caption || row.name}</h2>`}
        ${conflicts.map((conflict) => html`<${ConflictChoice} key=${conflict.field} conflict=${conflict} run=${run} />`)}
      </div>
    </article>
  `;
}

function grouped(conflicts) {
  const groups = new Map();
  for (const each of conflicts) groups.set(each.id, [...(groups.get(each.id) ?? []), each]);
  return groups;
}
