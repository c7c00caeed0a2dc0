// How things are, what is stuck and why, what was done on this device and can be taken back, and what came from others.

import { Icon } from '../icons.js';
import { act } from '../lib/actions.js';
import { post } from '../lib/api.js';
import { agoText, countOf, listText, momentText, sizeText } from '../lib/format.js';
import { html, useState } from '../lib/html.js';
import { actionText, arrivalText } from './parts/deeds.js';
import { Faces } from './parts/faces.js';
import { Empty, Heading, Notice, Section, showPage, useAnswer, Waiting } from './parts/pages.js';

const SHOWN_STUCK = 50;
const SHOWN = 10;
const MORE = 40;
const ARRIVALS_MS = 5_000;

export const mount = (element, context) => showPage(element, Activity, context);

function Activity({ open }) {
  const [count, setCount] = useState(SHOWN);
  const [done, reload] = useAnswer('/undo', { count: count + 1 });
  const [came] = useAnswer('/arrivals', {}, { pause: ARRIVALS_MS });
  const [status] = useAnswer('/status');
  if (!done || !status || !came) return html`<${Waiting} title="Activity" />`;
  const actions = done.actions.slice(0, count);
  const more = done.actions.length > count && html`<button type="button" class="button" onClick=${() => setCount(count + MORE)}>Show more</button>`;
  return html`
    <${Heading} title="Activity" />
    <${Now} status=${status} />
    <${Stuck} status=${status} />
    <${Section} title="Done on this device">
      ${actions.length
        ? html`<ul class="rows">${actions.map((action) => html`<${Action} key=${action.id} action=${action} open=${open} reload=${reload} />`)}</ul>${more}`
        : html`<${Empty} icon="undo" title="Nothing yet">What you change on this device is listed here, and each of it can be undone.<//>`}
    <//>
    <${Others} arrivals=${came.arrivals} open=${open} />
  `;
}

function Now({ status }) {
  const waits = [
    status.uploads > 0 && `${countOf(status.uploads, 'file')} to send (${sizeText(status.upload_bytes)})`,
    status.downloads > 0 && `${countOf(status.downloads, 'file')} to fetch (${sizeText(status.download_bytes)})`,
    status.previews > 0 && `${countOf(status.previews, 'picture')} to make`,
    status.pending_count > 0 && `${countOf(status.pending_count, 'change')} that wait for what they build on`,
  ].filter(Boolean);
  const isAlone = !status.nodes.length;
  const sentence = waits.length ? `Still to be done: ${listText(waits)}.` : status.converged ? 'Everything is in sync.' : 'Waiting for a relay or another device.';
  const rest = [countOf(status.assets, 'photo'), status.trashed > 0 && `${status.trashed.toLocaleString()} more in the trash`].filter(Boolean).join(', ');
  return html`
    <div role="status">
      <${Notice} icon=${isAlone ? 'devices' : status.converged ? 'check' : 'activity'} kind=${status.converged && !isAlone ? 'good' : ''}>
        <strong>${isAlone ? 'These photos are on this device alone.' : sentence}</strong>
        <small>${rest}.${isAlone ? ' Invite a device, or add a relay, and there is a second copy.' : ''}</small>
      <//>
    </div>
    ${!status.member && html`<${Notice} icon="warning" kind="warning">${status.standing}<//>`}
    ${status.held_back_by.length > 0 && html`<p class="soft">Not there yet: ${listText(status.held_back_by)}. The newest changes reach ${status.held_back_by.length === 1 ? 'it' : 'them'} when ${status.held_back_by.length === 1 ? 'it is' : 'they are'} online again.</p>`}
    ${status.disagreeing.length > 0 &&
    html`<${Notice} icon="warning" kind="warning">
      <strong>${listText(status.disagreeing)} saw the same changes and shows another library.</strong>
      <small>No photo is lost. Run <code>calotype verify --deep</code> on both devices.</small>
    <//>`}
    ${status.recovered > 0 &&
    html`<${Notice} icon="files">
      <strong>${countOf(status.recovered, 'file')} to look through, in the folder “recovered” of the library.</strong>
      <small>They belong to photos that were deleted for good while somebody had changed them, or were damaged on this disk.</small>
    <//>`}
  `;
}

function Stuck({ status }) {
  const shown = status.stuck.slice(0, SHOWN_STUCK);
  const held = status.pending.slice(0, SHOWN_STUCK - shown.length);
  const left = status.stuck.length + status.pending_count - shown.length - held.length;
  if (!shown.length && !held.length) return null;
  return html`
    <${Section} title="Stuck">
      <ul class="rows">
        ${shown.map(({ item, reason, next_try: next }) => html`<${Held} key=${item} title=${reason || 'Waiting'} about=${[item, next && `next try ${agoText(next)}`]} />`)}
        ${held.map(({ entry, reason, since }) => html`<${Held} key=${entry} title=${reason} about=${[`a change, since ${agoText(since)}`]} />`)}
      </ul>
      ${left > 0 && html`<p class="soft">and ${countOf(left, 'other')}</p>`}
    <//>
  `;
}

function Held({ title, about }) {
  return html`
    <li>
      <${Icon} name="warning" />
      <span class="row-main"><strong>${title}</strong><small>${about.filter(Boolean).join(' · ')}</small></span>
    </li>
  `;
}

function Action({ action, open, reload }) {
  const undo = async () => {
    const skipped = ({ skipped: left }) => (left ? `Undone, but for ${countOf(left, 'photo')} that changed since.` : 'Undone.');
    await act(() => post('/undo', { id: action.id }), skipped, { canUndo: false });
    reload();
  };
  const title = actionText(action.label);
  const about = [action.photos > 0 && countOf(action.photos, 'photo'), agoText(action.time)].filter(Boolean).join(' · ');
  const verb = action.undo_of ? 'Do again' : 'Undo';
  return html`
    <li>
      <span class="row-main"><strong>${title}</strong><small title=${momentText(action.time)}>${about}</small></span>
      <${Faces} faces=${action.shown} open=${open} />
      <button type="button" class="button quiet" aria-label=${`${verb}: ${title}, ${about}`} onClick=${undo}>${verb}</button>
    </li>
  `;
}

function Others({ arrivals, open }) {
  const [isAll, setAll] = useState(false);
  if (!arrivals.length) return null;
  const shown = isAll ? arrivals : arrivals.slice(0, SHOWN);
  return html`
    <${Section} title="From your other devices">
      <ul class="rows">
        ${shown.map(
          (each) => html`
            <li key=${each.time + each.device_id + each.did.join()}>
              <span class="row-main"><strong><bdi>${each.device}</bdi> ${arrivalText(each)}</strong><small title=${momentText(each.time)}>came ${agoText(each.time)}</small></span>
              <${Faces} faces=${each.shown} open=${open} />
            </li>
          `,
        )}
      </ul>
      ${shown.length < arrivals.length && html`<button type="button" class="button" onClick=${() => setAll(true)}>Show more</button>`}
    <//>
  `;
}
