// When photos were taken: one time for all, or each so much earlier or later, for a camera whose clock was wrong.

import { showSheet } from '../../dialogs.js';
import { countOf } from '../../lib/format.js';
import { html, useState } from '../../lib/html.js';
import { partsOf, setting, shifting, ZONES, zoneText } from './times.js';

const UNITS = [
  ['days', 'Days', 9999],
  ['hours', 'Hours', 23],
  ['minutes', 'Minutes', 59],
];

/** The assignments that were chosen for `rows`, or null. */
export function editDate(rows) {
  return showSheet(rows.length === 1 ? 'Date and time' : `Date and time of ${countOf(rows.length, 'photo')}`, (close) => html`<${Form} rows=${rows} close=${close} />`);
}

function Form({ rows, close }) {
  const known = partsOf(rows.length === 1 ? rows[0].taken : '');
  const hasTimes = rows.some((row) => row.taken);
  const [isShift, setShift] = useState(rows.length > 1 && hasTimes);
  const [at, setAt] = useState(known);
  const [by, setBy] = useState({ days: 0, hours: 0, minutes: 0, isEarlier: false, zone: '' });
  const assignments = isShift ? shifting(by) : at.date ? setting(at) : [];
  const submit = (event) => {
    event.preventDefault();
    if (assignments.length) close(assignments);
  };
  const way = (value, text) => html`<button type="button" class="chip" aria-pressed=${isShift === value} onClick=${() => setShift(value)}>${text}</button>`;
  return html`
    <form onSubmit=${submit}>
      ${hasTimes && html`<div class="chip-row" role="group" aria-label="How">${way(false, rows.length === 1 ? 'Set' : 'All the same')} ${way(true, 'Earlier or later')}</div>`}
      ${isShift ? html`<${Shift} by=${by} change=${(part) => setBy({ ...by, ...part })} />` : html`<${At} at=${at} change=${(part) => setAt({ ...at, ...part })} />`}
      <div class="sheet-actions">
        ${!isShift && hasTimes && html`<button type="button" class="button quiet sheet-left" onClick=${() => close(['taken=none'])}>As in the file</button>`}
        <button type="button" class="button" onClick=${() => close()}>Cancel</button>
        <button class="button primary" disabled=${!assignments.length}>Save</button>
      </div>
    </form>
  `;
}

function At({ at, change }) {
  return html`
    <div class="sheet-fields">
      <label>Date<input class="field" type="date" required autofocus value=${at.date} onInput=${(event) => change({ date: event.target.value })} /></label>
      <label>Time<input class="field" type="time" step="1" value=${at.time} onInput=${(event) => change({ time: event.target.value })} /></label>
    </div>
    <${Zone} zone=${at.zone} none="not known" change=${change} />
  `;
}

function Shift({ by, change }) {
  return html`
    <p>For a camera whose clock was wrong: each photo keeps its distance to the others.</p>
    <div class="sheet-fields">
      ${UNITS.map(
        ([name, title, most]) => html`
          <label key=${name}>${title}<input class="field" type="number" min="0" max=${most} value=${by[name]} onInput=${(event) => change({ [name]: event.target.valueAsNumber || 0 })} /></label>
        `,
      )}
      <label>Which way
        <select class="field" value=${by.isEarlier ? 'earlier' : 'later'} onChange=${(event) => change({ isEarlier: event.target.value === 'earlier' })}>
          <option value="later">later</option><option value="earlier">earlier</option>
        </select>
      </label>
    </div>
    <${Zone} zone=${by.zone} none="as it is" change=${change} />
  `;
}

function Zone({ zone, none, change }) {
  const zones = zone && !ZONES.includes(zone) ? [zone, ...ZONES] : ZONES;
  return html`
    <label>Time zone
      <select class="field" value=${zone} onChange=${(event) => change({ zone: event.target.value })}>
        <option value="">${none}</option>
        ${zones.map((each) => html`<option key=${each} value=${each}>${zoneText(each)}</option>`)}
      </select>
    </label>
  `;
}
