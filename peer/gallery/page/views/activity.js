// What was done on this device and can be taken back, what is on its way, and what is stuck and why.

import { Icon } from '../icons.js';
import { act } from '../lib/actions.js';
import { post } from '../lib/api.js';
import { agoText, countOf, listText, momentText, sizeText } from '../lib/format.js';
import { html } from '../lib/html.js';
import { Empty, Heading, Section, showPage, useAnswer } from './parts/pages.js';

const SHOWN_STUCK = 50;

export const mount = (element, context) => showPage(element, Activity, context);

function Activity() {
  const [done, reload] = useAnswer('/undo');
  const [status] = useAnswer('/status');
  if (!done || !status) return null;
  return html`
    <${Heading} title="Activity" />
    <${Now} status=${status} />
    <${Stuck} status=${status} />
    <${Section} title="What you did here">
      ${done.actions.length
        ? html`<ul class="rows">${done.actions.map((action) => html`<${Action} key=${action.id} action=${action} reload=${reload} />`)}</ul>`
        : html`<${Empty} icon="undo" title="Nothing yet">What you change on this device is listed here, and each of it can be undone.<//>`}
    <//>
  `;
}

function Now({ status }) {
  const waits = [
    status.uploads > 0 && `${countOf(status.uploads, 'piece')} (${sizeText(status.upload_bytes)}) to be sent`,
    status.downloads > 0 && `${countOf(status.downloads, 'file')} (${sizeText(status.download_bytes)}) to be fetched`,
    status.previews > 0 && `${countOf(status.previews, 'picture')} to be made`,
    status.pending_count > 0 && `${countOf(status.pending_count, 'change')} held back until what they build on is here`,
  ].filter(Boolean);
  const sentence = status.converged ? 'Everything is in sync.' : waits.length ? `Still to be done: ${listText(waits)}.` : 'Waiting for the other devices or the relay.';
  return html`
    <div class=${status.converged ? 'card state good' : 'card state'} role="status">
      <${Icon} name=${status.converged ? 'check' : 'activity'} />
      <p><strong>${sentence}</strong> ${countOf(status.assets, 'photo')}, ${countOf(status.trashed, 'photo')} in the trash.</p>
    </div>
    ${!status.member && html`<p class="card warning">${status.standing}</p>`}
    ${status.disagreeing.length > 0 &&
    html`<p class="card warning">${listText(status.disagreeing)} saw the same changes and shows another library. No photo is lost: run “calotype verify --deep” on both devices.</p>`}
    ${status.recovered > 0 &&
    html`<p class="card warning">${countOf(status.recovered, 'file')} that somebody had changed before the photo was deleted for good lie in the folder “recovered” of the library.</p>`}
  `;
}

function Stuck({ status }) {
  if (!status.stuck.length) return null;
  return html`
    <${Section} title="Stuck">
      <ul class="rows">
        ${status.stuck.slice(0, SHOWN_STUCK).map(
          (each) => html`
            <li>
              <span class="row-main"><strong>${each.reason || 'waiting'}</strong><small>${each.item}${each.next_try ? ` · next try ${agoText(each.next_try)}` : ''}</small></span>
            </li>
          `,
        )}
      </ul>
      ${status.stuck.length > SHOWN_STUCK && html`<p class="soft">and ${countOf(status.stuck.length - SHOWN_STUCK, 'other')}</p>`}
    <//>
  `;
}

function Action({ action, reload }) {
  const undo = async () => {
    await act(() => post('/undo', { id: action.id }), (answer) => (answer.skipped ? `Undone, but for ${countOf(answer.skipped, 'photo')} that changed since.` : 'Undone.'), {
      canUndo: false,
    });
    reload();
  };
  const about = action.photos ? countOf(action.photos, 'photo') : '';
  return html`
    <li>
      <span class="row-main">
        <strong>${action.label}</strong>
        <small title=${momentText(action.time)}>${[about, agoText(action.time)].filter(Boolean).join(' · ')}</small>
      </span>
      <button type="button" class="button quiet" onClick=${undo}>${action.undo_of ? 'Do again' : 'Undo'}</button>
    </li>
  `;
}
