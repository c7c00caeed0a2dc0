// What lies around the photo: the bar above (and below on phones), the ways to the neighbours, the note, and the panel.

import { Icon } from '../icons.js';
import { html } from '../lib/html.js';
import { spokenName } from '../timeline/words.js';
import { FavoriteButton, IconButton, Menu, Rating } from './controls.js';
import { momentOf } from './facts.js';
import { Info } from './info.js';

const PERCENT = 100;

/** `state`: { row, details, isInfoOpen, isBare, hasPrevious, hasNext, note, isPhone }; `run(name, …)`: does what the keys do, too. */
export function Chrome({ state, run }) {
  const { row, isInfoOpen, hasPrevious, hasNext, isPhone } = state;
  return html`
    <header class="viewer-bar">
      <${IconButton} icon="back" label="Back" hint="Esc" onClick=${() => run('back')} />
      <${Title} row=${row} />
      ${row.live && html`<button type="button" class="viewer-live" onClick=${() => run('play')} title="Play the moving part (Space)"><${Icon} name="live" />LIVE</button>`}
      ${!isPhone && html`<${WideTools} row=${row} isInfoOpen=${isInfoOpen} run=${run} />`}
      ${isPhone && html`<${More} row=${row} run=${run} isPhone />`}
    </header>
    <div class="visually-hidden" aria-live="polite">${spokenName(row)}</div>
    ${hasPrevious && html`<${Turn} direction=${-1} label="Previous photo" icon="back" run=${run} />`}
    ${hasNext && html`<${Turn} direction=${1} label="Next photo" icon="forward" run=${run} />`}
    <${Note} note=${state.note} />
    ${isPhone && html`<${Foot} row=${row} isInfoOpen=${isInfoOpen} run=${run} />`}
    ${isInfoOpen && html`<${Info} row=${row} details=${state.details} run=${run} />`}
  `;
}

function Title({ row }) {
  const moment = momentOf(row.taken);
  const lines = row.caption ? [row.caption, moment?.date] : [moment ? moment.date : row.name, moment ? moment.time : ''];
  return html`<div class="viewer-title"><strong>${lines[0]}</strong>${lines[1] && html`<span>${lines[1]}</span>`}</div>`;
}

function WideTools({ row, isInfoOpen, run }) {
  if (row.trashed) return html`<div class="viewer-tools"><${TrashTools} run=${run} /><${InfoButton} isOn=${isInfoOpen} run=${run} /></div>`;
  return html`
    <div class="viewer-tools">
      <${Rating} value=${row.rating} onRate=${(rating) => run('rate', rating)} />
      <${FavoriteButton} row=${row} onClick=${() => run('favorite')} />
      ${isEditable(row) && html`<${IconButton} icon="sliders" label="Edit" hint="E" onClick=${() => run('edit')} />`}
      <${InfoButton} isOn=${isInfoOpen} run=${run} />
      <${Save} row=${row} run=${run} />
      <${IconButton} icon="slideshow" label="Slideshow" hint="S" onClick=${() => run('slideshow')} />
      <${IconButton} icon="fullscreen" label="Full screen" hint="W" onClick=${() => run('fullscreen')} />
      <${IconButton} icon="trash" label="Move to the trash" hint="Del" onClick=${() => run('trash')} />
      <${More} row=${row} run=${run} />
    </div>
  `;
}

const isEditable = (row) => row.kind !== 'video' && row.kind !== 'other';

function TrashTools({ run }) {
  return html`
    <button type="button" class="button quiet" onClick=${() => run('restore')}><${Icon} name="restore" />Restore</button>
    <button type="button" class="button quiet danger" onClick=${() => run('purge')}><${Icon} name="trash" />Delete for ever</button>
  `;
}

function InfoButton({ isOn, run }) {
  return html`
    <button type="button" class="icon-button" aria-label="Information" title="Information (I)" aria-expanded=${String(isOn)} onClick=${() => run('info')}>
      <${Icon} name="info" />
    </button>
  `;
}

function Save({ row, run, isUpwards }) {
  const items = [
    { icon: 'share', label: 'Share…', run: () => run('share'), isHidden: !navigator.canShare },
    { icon: 'download', label: 'Download the original', hint: 'D', run: () => run('download') },
    { icon: 'edit', label: 'Download as edited', run: () => run('downloadEdited'), isHidden: !isEditable(row) },
  ];
  return html`<${Menu} icon=${isUpwards ? 'share' : 'download'} label="Share and download" items=${items} isUpwards=${isUpwards} />`;
}

function More({ row, run, isPhone = false }) {
  const items = [
    { icon: 'albums', label: 'Add to an album', hint: 'B', run: () => run('album') },
    { icon: 'tag', label: 'Add a keyword', hint: 'K', run: () => run('keyword') },
    { icon: row.hidden ? 'show' : 'hide', label: row.hidden ? 'Show again' : 'Hide', hint: 'H', run: () => run('hide') },
    { icon: 'sliders', label: 'Edit', hint: 'E', run: () => run('edit'), isHidden: !isPhone || !isEditable(row) },
    { icon: 'slideshow', label: 'Slideshow', hint: 'S', run: () => run('slideshow'), isHidden: !isPhone },
    { icon: 'fullscreen', label: 'Full screen', hint: 'W', run: () => run('fullscreen'), isHidden: !isPhone },
    { icon: 'cloud', label: 'Bring the original here', run: () => run('bring'), isHidden: row.original !== 'elsewhere' },
    { icon: 'undo', label: 'Undo', hint: 'Z', run: () => run('undo') },
    { icon: 'help', label: 'Keys', hint: '?', run: () => run('help'), isHidden: isPhone },
  ];
  return html`<${Menu} icon="more" label="More" items=${items} />`;
}

function Foot({ row, isInfoOpen, run }) {
  if (row.trashed) return html`<footer class="viewer-foot"><${TrashTools} run=${run} /></footer>`;
  return html`
    <footer class="viewer-foot">
      <${Save} row=${row} run=${run} isUpwards />
      <${FavoriteButton} row=${row} onClick=${() => run('favorite')} />
      <${InfoButton} isOn=${isInfoOpen} run=${run} />
      ${isEditable(row) && html`<${IconButton} icon="sliders" label="Edit" onClick=${() => run('edit')} />`}
      <${IconButton} icon="trash" label="Move to the trash" onClick=${() => run('trash')} />
    </footer>
  `;
}

function Turn({ direction, label, icon, run }) {
  const side = direction < 0 ? 'viewer-turn previous' : 'viewer-turn next';
  return html`<button type="button" class=${side} aria-label=${label} onClick=${() => run('step', direction)}><${Icon} name=${icon} /></button>`;
}

/** `note`: { text, share, action: { label, run } } or null. `share` null: it takes its time; undefined: nothing is under way. */
function Note({ note }) {
  return html`
    <div class="viewer-note" role="status">
      ${note &&
      html`
        <div class="viewer-note-body">
          ${note.share !== undefined && html`<${Ring} share=${note.share} />`}
          <span>${note.text}</span>
          ${note.action && html`<button type="button" onClick=${note.action.run}>${note.action.label}</button>`}
        </div>
      `}
    </div>
  `;
}

function Ring({ share }) {
  const length = Math.round((share ?? 0.25) * PERCENT);
  return html`
    <svg class=${share === null ? 'ring turning' : 'ring'} viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="9" pathLength="100" />
      <circle class="ring-done" cx="12" cy="12" r="9" pathLength="100" stroke-dasharray=${`${length} 100`} />
    </svg>
  `;
}
