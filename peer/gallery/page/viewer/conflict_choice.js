// Two devices decided differently: both answers side by side, and one click chooses.

import { html } from '../lib/html.js';
import { previewOf, renderingOf } from './addresses.js';
import { fieldName, instant, valueText } from './facts.js';

const PICTURE_EDGE = 320;
const EDIT = 'edit:';

/** `conflict` as `calotype conflicts` shows it; `run('resolve', body)` settles it. */
export function ConflictChoice({ conflict, run }) {
  const { id, field, winner, others, merged } = conflict;
  const choose = (choice) => () => run('resolve', { id, field, ...choice });
  return html`
    <div class="conflict">
      <p>Devices disagree about the <strong>${fieldName(field)}</strong>.</p>
      <ul>
        <${Side} conflict=${conflict} side=${winner} isShown onChoose=${choose({ winner: true })} />
        ${others.map((side) => html`<${Side} conflict=${conflict} side=${side} onChoose=${choose(side.device_id ? { device: side.device_id } : { value: String(side.value) })} />`)}
        ${merged !== null &&
        merged !== undefined &&
        html`
          <li>
            <span class="conflict-value">${merged}</span><small>Both together</small>
            <button type="button" class="button" onClick=${choose({ merge: true })}>Take both</button>
          </li>
        `}
      </ul>
    </div>
  `;
}

function Side({ conflict, side, isShown = false, onChoose }) {
  const said = [side.device ?? 'a device that is gone', instant(side.time)].filter(Boolean).join(' · ');
  return html`
    <li class=${isShown ? 'shown' : ''}>
      ${conflict.field.startsWith(EDIT) && html`<img alt="" loading="lazy" src=${pictureOf(conflict, side)} />`}
      <span class="conflict-value">${valueText(conflict.field.replace(EDIT, ''), side.value)}</span>
      <small>${said}${isShown ? ' · shown now' : ''}</small>
      <button type="button" class=${isShown ? 'button' : 'button primary'} onClick=${onChoose}>${isShown ? 'Keep' : 'Take this'}</button>
    </li>
  `;
}

/** What the photo looks like with this side's value alone. */
function pictureOf({ id, field }, { value }) {
  return value === null ? previewOf({ id, picture: null }) : renderingOf(id, { [field.slice(EDIT.length)]: value }, PICTURE_EDGE);
}
