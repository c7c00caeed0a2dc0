// Everything known about a photo, beside it; what people may change is changed in place.

import { Icon } from '../icons.js';
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { isEdited } from './addresses.js';
import { ConflictChoice } from './conflict_choice.js';
import { FavoriteButton, IconButton, Rating } from './controls.js';
import { ROLES, bytes, camera, coordinates, dimensions, exposureOf, fieldName, holdersOf, instant, listed, locationOf, momentOf, valueText } from './facts.js';
import { WorldMap } from './map.js';

const SHORT_ID = 12;
const RENDITIONS = new Set(['thumbnail', 'preview']);

/** `details`: of GET /assets/ID, or null while they come; `run(name, …)`: what is done. */
export function Info({ row, details, run }) {
  return html`
    <aside class="viewer-info" aria-label="Information">
      <div class="info-head">
        <h2>Information</h2>
        <${IconButton} icon="close" label="Close information" hint="I" onClick=${() => run('info')} />
      </div>
      ${details ? html`<${Facts} key=${row.id} row=${row} details=${details} run=${run} />` : html`<p class="info-faint" role="status">One moment…</p>`}
    </aside>
  `;
}

function Facts({ row, details, run }) {
  const place = locationOf(details);
  return html`
    <${Caption} text=${details.caption ?? ''} run=${run} />
    <div class="info-rating">
      <${Rating} value=${row.rating} onRate=${(rating) => run('rate', rating)} />
      <${FavoriteButton} row=${row} onClick=${() => run('favorite')} />
    </div>
    ${details.conflicts.length > 0 && html`<${Conflicts} conflicts=${details.conflicts} run=${run} />`}
    <${Taken} row=${row} run=${run} />
    <${Device} exif=${{ ...details.exif, ...details.sidecar }} />
    <${FileLine} row=${row} details=${details} />
    <${Place} place=${place} name=${details.place} run=${run} />
    <${Keywords} words=${details.keywords} run=${run} />
    <${Albums} albums=${details.albums} run=${run} />
    <${People} regions=${details.regions ?? []} />
    <${Edits} details=${details} run=${run} />
    <${Files} details=${details} run=${run} />
    <p class="info-faint info-id" title=${details.id}>${details.id.slice(0, SHORT_ID)}</p>
  `;
}

/** A line of the panel: an icon, what is said, and what can be done about it. */
function Line({ icon, children, action }) {
  return html`<div class="info-line"><${Icon} name=${icon} /><div class="info-words">${children}</div>${action}</div>`;
}

function Section({ title, children, action }) {
  return html`<section class="info-section"><div class="info-title"><h3>${title}</h3>${action}</div>${children}</section>`;
}

function Change({ label, onClick }) {
  return html`<${IconButton} icon="edit" label=${label} onClick=${onClick} kind="small" />`;
}

function Caption({ text, run }) {
  const [typed, setTyped] = useState(text);
  const field = useRef(null);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    field.current.style.height = 'auto';
    field.current.style.height = `${field.current.scrollHeight + 2}px`;
  }, [typed]);
  const save = () => {
    if (typed.trim() !== text.trim()) run('set', [`caption=${typed.trim() || 'none'}`], 'Caption saved.');
  };
  const onKeyDown = (event) => {
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      field.current.blur();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      setTyped(text);
      requestAnimationFrame(() => field.current?.blur());
    }
  };
  return html`
    <textarea class="info-caption" aria-label="Caption" placeholder="Add a caption" rows="1" ref=${field} value=${typed} onInput=${(event) => setTyped(event.target.value)}
      onBlur=${save} onKeyDown=${onKeyDown}></textarea>
  `;
}

function Taken({ row, run }) {
  const moment = momentOf(row.taken);
  return html`
    <${Line} icon="calendar" action=${html`<${Change} label="Change the date" onClick=${() => run('date')} />`}>
      ${moment ? html`<span>${moment.date}</span><small>${[moment.time, moment.zone].filter(Boolean).join(' · ')}</small>` : html`<span>Without a date</span>`}
    <//>
  `;
}

function Device({ exif }) {
  const name = camera(exif);
  const how = exposureOf(exif);
  if (!name && !how.length) return null;
  return html`
    <${Line} icon="camera">
      <span>${name || 'Unknown camera'}</span>
      ${how.length > 0 && html`<small class="info-spread">${how.map((each) => html`<span>${each}</span>`)}</small>`}
      ${exif.lens && html`<small>${exif.lens}</small>`}
    <//>
  `;
}

function FileLine({ row, details }) {
  const primary = details.files.find((file) => file.role === 'primary');
  const type = (details.media ?? '').split('/').at(-1).toUpperCase();
  const names = details.names.length > 1 ? details.names.filter((name) => name !== details.name) : [];
  return html`
    <${Line} icon=${row.kind === 'video' ? 'video' : 'photos'}>
      <span class="info-name">${details.name}</span>
      <small>${[dimensions(details.width, details.height), bytes(primary?.size), type].filter(Boolean).join(' · ')}</small>
      ${names.length > 0 && html`<small>Also called ${listed(names)}</small>`}
    <//>
  `;
}

function Place({ place, name, run }) {
  const action = html`<${Change} label=${place ? 'Change the place' : 'Add a place'} onClick=${() => run('place')} />`;
  if (!place) return html`<${Line} icon="place" action=${action}><span class="info-faint">No place</span><//>`;
  return html`
    <${Line} icon="place" action=${action}>
      ${name && html`<span>${name}</span>`}
      ${name ? html`<small>${coordinates(place)}</small>` : html`<span>${coordinates(place)}</span>`}
    <//>
    <${WorldMap} place=${place} name=${name} />
  `;
}

function Keywords({ words, run }) {
  const [typed, setTyped] = useState('');
  const add = (event) => {
    event.preventDefault();
    const word = typed.trim();
    setTyped('');
    if (word) run('set', [`keyword+=${word}`], `Keyword “${word}” added.`);
  };
  return html`
    <${Section} title="Keywords">
      <div class="info-chips">
        ${words.map(
          (word) => html`
            <span class="chip" key=${word}>
              <span>${word}</span>
              <button type="button" aria-label=${`Remove the keyword ${word}`} title="Remove" onClick=${() => run('set', [`keyword-=${word}`], `Keyword “${word}” removed.`)}>
                <${Icon} name="close" />
              </button>
            </span>
          `,
        )}
        <form onSubmit=${add}>
          <input class="info-add" aria-label="Add a keyword" placeholder="Add…" maxlength="255" value=${typed} onInput=${(event) => setTyped(event.target.value)} />
        </form>
      </div>
    <//>
  `;
}

function Albums({ albums, run }) {
  return html`
    <${Section} title="Albums" action=${html`<${IconButton} icon="plus" label="Add to an album" hint="B" onClick=${() => run('album')} kind="small" />`}>
      ${albums.length > 0 &&
      html`<div class="info-chips">${albums.map(({ id, title }) => html`<button type="button" class="chip" key=${id} onClick=${() => run('go', `/album/${id}`)}>${title}</button>`)}</div>`}
      ${!albums.length && html`<p class="info-faint">In no album</p>`}
    <//>
  `;
}

function People({ regions }) {
  const names = [...new Set(regions.map((region) => region?.name).filter((name) => typeof name === 'string' && name))];
  return names.length > 0 && html`<${Section} title="People"><div class="info-chips">${names.map((name) => html`<span class="chip">${name}</span>`)}</div><//>`;
}

function Conflicts({ conflicts, run }) {
  return html`
    <${Section} title=${conflicts.length === 1 ? 'One open decision' : `${conflicts.length} open decisions`}>
      ${conflicts.map((conflict) => html`<${ConflictChoice} key=${conflict.id + conflict.field} conflict=${conflict} run=${run} />`)}
    <//>
  `;
}

function Edits({ details, run }) {
  const edits = Object.entries(details.edits ?? {}).filter(([, value]) => value !== null);
  const history = details.history ?? [];
  if (!isEdited(details) && !history.length) return null;
  const revert = html`<button type="button" class="info-link" onClick=${() => run('revert')}>Revert</button>`;
  return html`
    <${Section} title="Edits" action=${isEdited(details) && revert}>
      ${edits.length > 0 && html`<dl class="info-pairs">${edits.map(([name, value]) => html`<dt>${fieldName(name)}</dt><dd>${valueText(name, value)}</dd>`)}</dl>`}
      ${history.length > 0 &&
      html`
        <ul class="info-history">
          ${history.map((each) => html`<li><span>${each.label ?? fieldName(each.field ?? '')}</span><small>${[each.device, instant(each.time)].filter(Boolean).join(' · ')}</small></li>`)}
        </ul>
      `}
    <//>
  `;
}

function Files({ details, run }) {
  const files = details.files.filter((file) => !RENDITIONS.has(file.role));
  const made = details.files.filter((file) => RENDITIONS.has(file.role));
  const isElsewhere = details.original === 'elsewhere';
  const bring = html`<button type="button" class="info-link" onClick=${() => run('bring')}>Bring it here</button>`;
  return html`
    <${Section} title="Where it lies" action=${isElsewhere && bring}>
      <ul class="info-files">
        ${files.map((file) => html`<${FileEntry} key=${file.file} file=${file} />`)}
      </ul>
      ${made.length > 0 && html`<p class="info-faint">${listed(made.map((file) => `${ROLES.get(file.role)} ${bytes(file.size)}`))}, made from it</p>`}
    <//>
  `;
}

function FileEntry({ file }) {
  const holders = holdersOf(file);
  return html`
    <li>
      <div><span>${ROLES.get(file.role) ?? file.role}</span><small>${bytes(file.size)}</small></div>
      <div class="info-chips">
        ${holders.map((name) => html`<span class="chip holder" key=${name}><${Icon} name=${name === 'this device' ? 'check' : 'devices'} />${name}</span>`)}
        ${!holders.length && html`<span class="chip holder none"><${Icon} name="warning" />nobody in reach</span>`}
      </div>
      ${!file.here && file.explanation && html`<small>${file.explanation}</small>`}
      ${file.path && html`<small class="info-path">${file.path}</small>`}
    </li>
  `;
}
