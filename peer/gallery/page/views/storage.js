// Where the space is on this device, and what stays here.

import { Icon } from '../icons.js';
import { act } from '../lib/actions.js';
import { post } from '../lib/api.js';
import { countOf, sizeText } from '../lib/format.js';
import { html, useState } from '../lib/html.js';
import { Heading, Section, showPage, useAnswer } from './parts/pages.js';

const GB = 1e9;
const SMALLEST = 1;
const POLICIES = [
  ['everything', 'Everything', 'All originals stay here. Other devices may rely on this one.'],
  ['optimize', 'What fits', 'All previews, and originals up to a size that you choose; what you looked at least recently goes first.'],
  ['thumbnails', 'Thumbnails', 'Little room: originals come when you open them, and stay for a day.'],
];

export const mount = (element, context) => showPage(element, Storage, context);

function Storage() {
  const [storage, reload] = useAnswer('/policy');
  const [status] = useAnswer('/status');
  if (!storage || !status) return null;
  const parts = [
    ['Originals', storage.here.bytes, countOf(storage.here.files, 'file')],
    ['Previews', storage.previews.bytes, countOf(storage.previews.files, 'file')],
    ['Thumbnails', storage.pictures.bytes, countOf(storage.pictures.files, 'file')],
    ['Database', status.storage.database, 'captions, albums, history'],
  ];
  const total = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  return html`
    <${Heading} title="Storage" />
    ${storage.disk_short && html`<p class="card warning">The disk is nearly full: ${sizeText(storage.disk_free)} are free. No more originals are fetched until there is room.</p>`}
    <div class="card">
      <p><strong>${sizeText(total)}</strong> on this device, ${sizeText(storage.disk_free)} free on its disk.</p>
      <div class="shares" aria-hidden="true">${parts.map(([name, bytes], number) => html`<${Share} key=${name} number=${number} part=${total ? bytes / total : 0} />`)}</div>
      <dl class="amounts">
        ${parts.map(([name, bytes, said], number) => html`<dt class=${`share-${number}`}>${name}</dt><dd>${sizeText(bytes)}<small>${said}</small></dd>`)}
      </dl>
    </div>
    ${storage.elsewhere.files > 0 && html`<p class="soft">${countOf(storage.elsewhere.files, 'original')} (${sizeText(storage.elsewhere.bytes)}) lie on other devices or a relay, and come when you open them.</p>`}
    ${storage.nowhere.files > 0 && html`<p class="card warning">${countOf(storage.nowhere.files, 'original')} aren’t known to be anywhere yet: another device has still to send them.</p>`}
    <${Policy} storage=${storage} reload=${reload} />
  `;
}

function Share({ number, part }) {
  return html`<span ref=${(element) => element?.style.setProperty('flex-grow', String(part))} class=${`share-${number}`} />`;
}

function Policy({ storage, reload }) {
  const [chosen, setChosen] = useState(storage.policy);
  const [budget, setBudget] = useState(Math.max(SMALLEST, Math.round((storage.budget ?? 50 * GB) / GB)));
  const isChanged = chosen !== storage.policy || (chosen === 'optimize' && budget * GB !== storage.budget);
  const save = async (event) => {
    event.preventDefault();
    const body = { policy: chosen, ...(chosen === 'optimize' && { budget: budget * GB }) };
    await act(() => post('/policy', body), () => 'Chosen. Nothing is given up before it is safe elsewhere.');
    reload();
  };
  return html`
    <${Section} title="What stays on this device">
      <form class="policies" onSubmit=${save}>
        ${POLICIES.map(
          ([name, title, text]) => html`
            <label class="policy">
              <input type="radio" name="policy" value=${name} checked=${chosen === name} onChange=${() => setChosen(name)} />
              <span><strong>${title}</strong><small>${text}</small></span>
            </label>
          `,
        )}
        ${chosen === 'optimize' &&
        html`<label class="budget">Room for originals, in GB<input class="field" type="number" min=${SMALLEST} max="1000000" required value=${budget} onInput=${(event) => setBudget(Number(event.target.value))} /></label>`}
        <p class="soft"><${Icon} name="lock" /> An original leaves this device only after a relay, or two other devices, proved to hold it.</p>
        <div><button class="button primary" disabled=${!isChanged || (chosen === 'optimize' && !(budget >= SMALLEST))}>Choose</button></div>
      </form>
    <//>
  `;
}
