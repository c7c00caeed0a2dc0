// Bringing photos in: dropped, or chosen, as files or as folders; how far it is, and what became of each file.

import { Icon } from '../icons.js';
import { countOf, remainingText, sizeText } from '../lib/format.js';
import { html, useEffect, useReducer } from '../lib/html.js';
import { chosenFiles, filesOf, takenFrom } from './parts/dropped.js';
import { importNow, isUnderWay, onImport, startImport, stopImport } from './parts/import_run.js';
import { outcomeText } from './parts/outcome.js';
import { Heading, Notice, Progress, Section, showPage } from './parts/pages.js';

const SHOWN = 200;
const SHOWN_FILES = 6;
const SOON_SECONDS = 2;

export const mount = (element, context) => showPage(element, Importing, context);

function Importing({ files, navigate }) {
  const [, redraw] = useReducer((number) => number + 1, 0);
  useEffect(() => {
    const begin = async (taken) => startImport(await filesOf(taken));
    if (files) begin(files);
    const onDrop = (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      begin(takenFrom(event.dataTransfer));
    };
    document.addEventListener('drop', onDrop, true);
    const end = onImport(redraw);
    return () => {
      document.removeEventListener('drop', onDrop, true);
      end();
    };
  }, []);
  const run = importNow();
  return html`
    <${Heading} title="Import" />
    ${isUnderWay() ? html`<${UnderWay} run=${run} />` : html`<${Chooser} />`}
    ${run?.phase === 'over' && html`<${Over} run=${run} navigate=${navigate} />`}
  `;
}

function Chooser() {
  const pick = (event) => {
    startImport(chosenFiles(event.target));
    event.target.value = '';
  };
  return html`
    <div class="drop-place">
      <${Icon} name="import" />
      <h2><span class="with-mouse">Drop photos and folders anywhere on this page</span><span class="with-finger">Bring your photos in</span></h2>
      <p class="soft">They are copied, read back and compared. The same photo twice is one photo, and what belongs together becomes one: Live Photos, RAW and JPEG, sidecars.</p>
      <div class="drop-buttons">
        <label class="button primary">Choose files<input class="visually-hidden" type="file" multiple onChange=${pick} /></label>
        <label class="button">Choose a folder<input class="visually-hidden" type="file" webkitdirectory onChange=${pick} /></label>
      </div>
      <p class="soft small with-mouse">For a whole disk <code>calotype import FOLDER</code> is faster, and <code>calotype watch add FOLDER</code> takes in what comes into a folder by itself.</p>
    </div>
  `;
}

function UnderWay({ run }) {
  const isSending = run.phase === 'sending';
  const count = run.files.length;
  const sent = run.files.filter(({ state }) => state === 'sent' || state === 'failed').length;
  const value = isSending ? (run.total ? run.bytes / run.total : 0) : count ? run.done / count : null;
  const title = isSending ? `Sending ${sent.toLocaleString()} of ${countOf(count, 'file')}` : `Importing ${run.done.toLocaleString()} of ${countOf(count, 'file')}`;
  return html`
    <div class="card import-card">
      <div class="flow">
        <${Icon} name="import" />
        <div class="row-main">
          <strong role="status">${title}</strong>
          <small>${isSending ? pace(run) : 'Pictures are made, and everything is read back and compared.'}</small>
          <${Progress} label=${title} value=${value} />
        </div>
        ${isSending && html`<button type="button" class="button" onClick=${stopImport}>Stop</button>`}
      </div>
      ${isSending && html`<${Files} files=${run.files} />`}
    </div>
    <p class="soft">You can go on looking at your photos meanwhile.</p>
  `;
}

function pace({ bytes, total, began }) {
  const seconds = (Date.now() - began) / 1000;
  const speed = seconds > SOON_SECONDS ? bytes / seconds : 0;
  return [`${sizeText(bytes)} of ${sizeText(total)}`, speed > 0 && `${sizeText(speed)}/s`, speed > 0 && remainingText((total - bytes) / speed)].filter(Boolean).join(' · ');
}

/** Those that are being sent, then those that come next. */
function Files({ files }) {
  const shown = [...files.filter(({ state }) => state === 'sending'), ...files.filter(({ state }) => state === 'waits')].slice(0, SHOWN_FILES);
  const failed = files.filter(({ state }) => state === 'failed').length;
  const left = files.filter(({ state }) => state === 'waits' || state === 'sending').length - shown.length;
  return html`
    <ul class="files">
      ${shown.map(
        (file) => html`
          <li key=${file.path}>
            <span class="file-name">${file.path}</span>
            <small>${file.state === 'waits' ? sizeText(file.size) : `${sizeText(file.sent)} of ${sizeText(file.size)}`}</small>
            <${Progress} label=${file.path} value=${file.size ? file.sent / file.size : 0} />
          </li>
        `,
      )}
    </ul>
    ${(left > 0 || failed > 0) && html`<p class="soft small">${[left > 0 && `and ${countOf(left, 'other')}`, failed > 0 && `${countOf(failed, 'file')} couldn’t be sent`].filter(Boolean).join(' · ')}</p>`}
  `;
}

function Over({ run, navigate }) {
  const { outcome, problem, found, files } = run;
  const failed = [...files.filter(({ reason }) => reason), ...found.unreadable.map((path) => ({ path, reason: 'It can’t be read.' }))];
  const again = () => startImport(found, { bringBack: true });
  const isStopped = !outcome && !problem;
  return html`
    <div role="status">
      ${problem && html`<${Notice} icon="warning" kind="warning" action=${html`<button type="button" class="button quiet" onClick=${() => startImport(found)}>Try again</button>`}><strong>${problem}</strong><//>`}
      ${isStopped && html`<${Notice} icon="import"><strong>Stopped.</strong><small>Nothing of it was imported.</small><//>`}
      ${outcome && html`<${Result} outcome=${outcome} navigate=${navigate} />`}
      ${found.isCut && html`<${Notice} icon="warning" kind="warning"><strong>Only the first ${countOf(files.length, 'file')} were taken.</strong><small>Use <code>calotype import FOLDER</code> for more at once.</small><//>`}
      ${outcome?.deleted_before > 0 && html`<${DeletedBefore} count=${outcome.deleted_before} again=${again} />`}
    </div>
    <${Reasons} title="Not imported" rows=${[...failed, ...(outcome?.skipped ?? [])]} />
    <${Reasons} title="Imported without a picture" rows=${outcome?.without_picture ?? []} />
    <${Reasons} title="Worth knowing" rows=${outcome?.notes ?? []} />
  `;
}

function Result({ outcome, navigate }) {
  const show = outcome.assets.length > 0 && html`<button type="button" class="button quiet" onClick=${() => navigate('/')}>Show the photos</button>`;
  const isGood = outcome.assets.length > 0 || outcome.duplicates > 0;
  return html`<${Notice} icon=${isGood ? 'check' : 'info'} kind=${isGood ? 'good' : ''} action=${show}><strong>${outcomeText(outcome)}.</strong><//>`;
}

function DeletedBefore({ count, again }) {
  const isOne = count === 1;
  return html`
    <${Notice} icon="trash" action=${html`<button type="button" class="button quiet" onClick=${again}>Bring ${isOne ? 'it' : 'them'} back</button>`}>
      <strong>${countOf(count, 'photo')} ${isOne ? 'was' : 'were'} deleted before, and ${isOne ? 'stays' : 'stay'} deleted.</strong>
      <small>${isOne ? 'Was that' : 'Were they'} deleted by mistake? Then bring ${isOne ? 'it' : 'them'} back.</small>
    <//>
  `;
}

function Reasons({ title, rows }) {
  if (!rows.length) return null;
  return html`
    <${Section} title=${title}>
      <ul class="rows">
        ${rows.slice(0, SHOWN).map((row) => html`<li key=${row.path + row.reason}><span class="row-main"><strong>${row.path}</strong><small>${row.reason}</small></span></li>`)}
      </ul>
      ${rows.length > SHOWN && html`<p class="soft">and ${countOf(rows.length - SHOWN, 'other')}</p>`}
    <//>
  `;
}
