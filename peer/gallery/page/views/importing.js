// Bringing photos in: dropped, or chosen, as files or as folders.

import { Icon } from '../icons.js';
import { act } from '../lib/actions.js';
import { countOf, sizeText } from '../lib/format.js';
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { chosenFiles, filesOf } from './parts/dropped.js';
import { Heading, Progress, Section, showPage } from './parts/pages.js';
import { importFiles } from './parts/sending.js';

const SHOWN = 200;

export const mount = (element, context) => showPage(element, Importing, context);

function Importing({ files, navigate }) {
  const [progress, setProgress] = useState(null);
  const [outcome, setOutcome] = useState(null);
  const [last, setLast] = useState([]);
  const controller = useRef(null);

  const start = async (found, bringBack = false) => {
    if (!found.length) return;
    const total = found.reduce((sum, { file }) => sum + file.size, 0);
    controller.current = new AbortController();
    setOutcome(null);
    setLast(found);
    setProgress({ sent: 0, bytes: 0, done: 0, name: '', count: found.length, total });
    const tell = (now) => setProgress({ ...now, count: found.length, total });
    setOutcome(await act(() => importFiles(found, { bringBack, progress: tell, signal: controller.current.signal })));
    setProgress(null);
  };
  const drop = async (transfer) => start(await filesOf(transfer));
  useEffect(() => {
    if (files) drop(files);
    const onDrop = (event) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      drop(event.dataTransfer);
    };
    document.addEventListener('drop', onDrop, true);
    return () => {
      document.removeEventListener('drop', onDrop, true);
      controller.current?.abort();
    };
  }, []);

  return html`
    <${Heading} title="Import" />
    ${progress ? html`<${Sending} progress=${progress} cancel=${() => controller.current.abort()} />` : html`<${Chooser} start=${start} />`}
    ${outcome && html`<${Outcome} outcome=${outcome} again=${() => start(last, true)} navigate=${navigate} />`}
  `;
}

function Chooser({ start }) {
  const pick = (event) => {
    start(chosenFiles(event.target));
    event.target.value = '';
  };
  return html`
    <div class="drop-place">
      <${Icon} name="import" />
      <h2>Drop photos and folders anywhere on this page</h2>
      <p class="soft">Files are copied, read back and compared. The same photo twice is one photo. What belongs together (Live Photos, RAW and JPEG, sidecars) becomes one.</p>
      <div class="drop-buttons">
        <label class="button primary">Choose files<input class="visually-hidden" type="file" multiple onChange=${pick} /></label>
        <label class="button">Choose a folder<input class="visually-hidden" type="file" webkitdirectory onChange=${pick} /></label>
      </div>
      <p class="soft">For whole disks “calotype import FOLDER” is faster: nothing goes through the browser.</p>
    </div>
  `;
}

function Sending({ progress, cancel }) {
  const isSent = progress.sent === progress.count;
  const value = isSent ? progress.done / progress.count : progress.total ? progress.bytes / progress.total : null;
  return html`
    <div class="card flow" role="status">
      <${Icon} name="import" />
      <div class="row-main">
        <strong>${isSent ? `Importing, ${progress.done} of ${countOf(progress.count, 'file')}` : `Sending ${progress.sent} of ${countOf(progress.count, 'file')}`}</strong>
        <small>${isSent ? 'Pictures are made, and everything is read back and compared.' : `${sizeText(progress.bytes)} of ${sizeText(progress.total)} · ${progress.name}`}</small>
        <${Progress} label="Import" value=${value} />
      </div>
      ${!isSent && html`<button type="button" class="button" onClick=${cancel}>Stop</button>`}
    </div>
  `;
}

function Outcome({ outcome, again, navigate }) {
  const left = [...outcome.failed, ...outcome.skipped];
  const said = [
    `${countOf(outcome.imported, 'photo')} imported`,
    outcome.duplicates > 0 && `${countOf(outcome.duplicates, 'photo')} already there`,
    outcome.joined.length > 0 && `${countOf(outcome.joined.length, 'photo')} got files that belong to them`,
    outcome.versions > 0 && `${countOf(outcome.versions, 'photo')} in a newer version`,
  ].filter(Boolean);
  return html`
    <div class="card state good" role="status">
      <${Icon} name="check" />
      <p><strong>${said.join(', ')}.</strong></p>
      ${outcome.assets.length > 0 && html`<button type="button" class="button quiet" onClick=${() => navigate('/')}>Show the photos</button>`}
    </div>
    ${outcome.deleted_before > 0 &&
    html`<div class="card state">
      <${Icon} name="trash" />
      <p>${countOf(outcome.deleted_before, 'photo')} ${outcome.deleted_before === 1 ? 'was' : 'were'} deleted before, and ${outcome.deleted_before === 1 ? 'stays' : 'stay'} so.</p>
      <button type="button" class="button quiet" onClick=${again}>Bring back</button>
    </div>`}
    <${Reasons} title="Not imported" rows=${left} />
    <${Reasons} title="Without a picture" rows=${outcome.without_picture} />
    <${Reasons} title="Worth knowing" rows=${outcome.notes} />
  `;
}

function Reasons({ title, rows }) {
  if (!rows.length) return null;
  return html`
    <${Section} title=${title}>
      <ul class="rows">
        ${rows.slice(0, SHOWN).map((row) => html`<li key=${row.path}><span class="row-main"><strong>${row.path}</strong><small>${row.reason}</small></span></li>`)}
      </ul>
      ${rows.length > SHOWN && html`<p class="soft">and ${countOf(rows.length - SHOWN, 'other')}</p>`}
    <//>
  `;
}
