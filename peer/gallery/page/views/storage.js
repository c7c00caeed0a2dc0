// Where the space is on this device, what stays here, and how long the trash lasts.

import { confirm } from '../dialogs.js';
import { Icon } from '../icons.js';
import { act } from '../lib/actions.js';
import { post } from '../lib/api.js';
import { countOf, sizeText } from '../lib/format.js';
import { html, useEffect, useState } from '../lib/html.js';
import { Heading, Notice, Section, showPage, useAnswer, Waiting } from './parts/pages.js';

const GB = 1e9;
const SMALLEST = 1;
const LONGEST_TRASH = 36_500;
const POLICIES = [
  ['everything', 'Everything', 'All originals stay here, so other devices may rely on this one.'],
  ['optimize', 'What fits', 'All previews, and originals as far as there is room; what you haven’t looked at for longest goes first.'],
  ['thumbnails', 'Thumbnails', 'For little room: originals come when you open them, and stay for a day.'],
];

export const mount = (element, context) => showPage(element, Storage, context);

function Storage() {
  const [storage, reload] = useAnswer('/policy');
  const [status] = useAnswer('/status');
  const [settings, reloadSettings] = useAnswer('/settings');
  if (!storage || !status || !settings) return html`<${Waiting} title="Storage" />`;
  return html`
    <${Heading} title="Storage" />
    <${Warnings} storage=${storage} />
    <${Space} storage=${storage} database=${status.storage.database} />
    <${Whereabouts} storage=${storage} />
    <${Policy} storage=${storage} reload=${reload} />
    <${Trash} days=${settings.retention} trashed=${status.trashed} reload=${reloadSettings} />
  `;
}

function Warnings({ storage }) {
  return html`
    ${storage.disk_short &&
    html`<${Notice} icon="warning" kind="warning">
      <strong>The disk is nearly full: ${sizeText(storage.disk_free)} are free.</strong>
      <small>No more originals are fetched until there is room. Make some, or let less stay here.</small>
    <//>`}
    ${storage.nowhere.files > 0 &&
    html`<${Notice} icon="cloud">
      <strong>${countOf(storage.nowhere.files, 'original')} ${storage.nowhere.files === 1 ? 'is' : 'are'} still on another device alone.</strong>
      <small>They come when it is online and has sent them.</small>
    <//>`}
    ${storage.damaged > 0 &&
    html`<${Notice} icon="warning" kind="warning">
      <strong>${countOf(storage.damaged, 'original')} had rotted on this disk.</strong>
      <small>They are fetched back; the damaged files lie in the folder “recovered”. Disks that do this once do it again: consider another one.</small>
    <//>`}
  `;
}

function Space({ storage, database }) {
  const parts = [
    ['Originals', storage.here.bytes, countOf(storage.here.files, 'file')],
    ['Previews', storage.previews.bytes, countOf(storage.previews.files, 'file')],
    ['Thumbnails', storage.pictures.bytes, countOf(storage.pictures.files, 'file')],
    ['Database', database, 'captions, albums, history'],
  ];
  const total = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  return html`
    <div class="card">
      <p class="headline"><strong>${sizeText(total)}</strong> on this device <span class="soft">${sizeText(storage.disk_free)} free on its disk</span></p>
      <div class="shares" aria-hidden="true">${parts.map(([name, bytes], number) => html`<${Share} key=${name} number=${number} part=${total ? bytes / total : 0} />`)}</div>
      <dl class="amounts">
        ${parts.map(([name, bytes, said], number) => html`<div key=${name}><dt class=${`share-${number}`}>${name}</dt><dd>${sizeText(bytes)}<small>${said}</small></dd></div>`)}
      </dl>
    </div>
  `;
}

function Share({ number, part }) {
  return html`<span ref=${(element) => element?.style.setProperty('flex-grow', String(part))} class=${`share-${number}`} />`;
}

function Whereabouts({ storage }) {
  const { all, here, elsewhere, wanted } = storage;
  if (!all.files || here.files === all.files) return null;
  const coming = wanted.files > 0 ? ` ${countOf(wanted.files, 'of them is on its way', 'of them are on their way')} (${sizeText(wanted.bytes)}).` : '';
  return html`
    <p class="soft">
      ${countOf(here.files, 'original')} of ${all.files.toLocaleString()} ${here.files === 1 ? 'is' : 'are'} here.
      ${elsewhere.files > 0 && ` ${countOf(elsewhere.files, 'other')} (${sizeText(elsewhere.bytes)}) are on your other devices or a relay, and come when you open them.${coming}`}
    </p>
  `;
}

function Policy({ storage, reload }) {
  const [chosen, setChosen] = useState(storage.policy);
  const [budget, setBudget] = useState(0);
  useEffect(() => {
    setChosen(storage.policy);
    setBudget(Math.max(SMALLEST, Math.round((storage.budget ?? 50 * GB) / GB)));
  }, [storage.policy, storage.budget]);
  const isOptimized = chosen === 'optimize';
  const isPossible = !isOptimized || budget >= SMALLEST;
  const isChanged = chosen !== storage.policy || (isOptimized && Math.round(budget * GB) !== storage.budget);
  const save = async (event) => {
    event.preventDefault();
    const body = { policy: chosen, ...(isOptimized && { budget: Math.round(budget * GB) }) };
    await act(() => post('/policy', body), () => 'Chosen. Nothing leaves this device before it is safe elsewhere.', { canUndo: false });
    reload();
  };
  return html`
    <${Section} title="What stays on this device">
      <form class="policies" onSubmit=${save}>
        <fieldset>
          <legend class="visually-hidden">What stays on this device</legend>
          ${POLICIES.map(
            ([name, title, text]) => html`
              <label class="policy" key=${name}>
                <input type="radio" name="policy" value=${name} checked=${chosen === name} onChange=${() => setChosen(name)} />
                <span><strong>${title}</strong><small>${text}</small></span>
              </label>
            `,
          )}
        </fieldset>
        ${isOptimized &&
        html`
          <label class="amount">
            Room for originals
            <span><input class="field" type="number" min=${SMALLEST} max="1000000" required value=${budget} onInput=${(event) => setBudget(Number(event.target.value))} /> GB</span>
          </label>
          <p class="soft">All originals together take ${sizeText(storage.all.bytes)}.</p>
        `}
        <p class="soft"><${Icon} name="lock" /> An original leaves this device only after a relay, or two other devices, proved to hold it.</p>
        ${isChanged && html`<div><button class="button primary" disabled=${!isPossible}>Save</button></div>`}
      </form>
    <//>
  `;
}

function Trash({ days, trashed, reload }) {
  const [typed, setTyped] = useState(days);
  useEffect(() => setTyped(days), [days]);
  const save = async (event) => {
    event.preventDefault();
    const isSure =
      typed >= days || !trashed || (await confirm({ title: `Keep the trash for ${countOf(typed, 'day')} only?`, text: `${countOf(trashed, 'photo')} in it may be deleted for good earlier.`, action: 'Shorten' }));
    if (isSure) await act(() => post('/settings', { retention: typed }), () => `The trash lasts ${countOf(typed, 'day')} now, on all devices.`);
    reload();
  };
  return html`
    <${Section} title="Trash">
      <form onSubmit=${save}>
        <p class="soft">What you delete stays in the <a href="/trash">trash</a> for a while, on all devices, and can be brought back until then.${trashed > 0 && ` ${countOf(trashed, 'photo')} in it now.`}</p>
        <label class="amount">
          Stays for
          <span><input class="field" type="number" min="1" max=${LONGEST_TRASH} required value=${typed} onInput=${(event) => setTyped(Number(event.target.value))} /> days</span>
        </label>
        ${typed !== days && html`<div><button class="button primary" disabled=${!(typed >= 1)}>Save</button></div>`}
      </form>
    <//>
  `;
}
