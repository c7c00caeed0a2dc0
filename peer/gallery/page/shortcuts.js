// Keys that work everywhere, and the page that shows all of them.

import { showSheet } from './dialogs.js';
import { redo, undo } from './lib/actions.js';
import { html } from './lib/html.js';
import { KEYS } from './timeline/keys.js';
import { KEYS as VIEWER_KEYS } from './viewer/keys.js';

const GO_MS = 1_500;
const PLACES = {
  t: ['/', 'Photos'],
  f: ['/favorites', 'Favourites'],
  v: ['/videos', 'Videos'],
  a: ['/albums', 'Albums'],
  i: ['/import', 'Import'],
  c: ['/conflicts', 'Conflicts'],
  d: ['/devices', 'Devices'],
  h: ['/hidden', 'Hidden'],
  x: ['/trash', 'Trash'],
};

/** Follow the keys of the whole page. In the way of nothing: fields, dialogs and the viewer have theirs. */
export function followKeys({ navigate, focusSearch }) {
  let goUntil = 0;
  document.addEventListener(
    'keydown',
    (event) => {
      if (isBusy(event)) return;
      const key = event.key.toLowerCase();
      const isGoing = performance.now() < goUntil;
      goUntil = 0;
      if ((event.ctrlKey || event.metaKey) && key === 'z') done(event, event.shiftKey ? redo : undo);
      else if (event.ctrlKey || event.metaKey || event.altKey) return;
      else if (isGoing && PLACES[key]) done(event, () => navigate(PLACES[key][0]));
      else if (key === 'g') goUntil = performance.now() + GO_MS;
      else if (key === '/') done(event, focusSearch);
      else if (key === '?') done(event, showKeys);
      else if (key === 'z') done(event, undo);
    },
    { capture: true },
  );
}

function isBusy({ target }) {
  const isTyping = target.closest?.('input, textarea, select, [contenteditable]');
  return Boolean(isTyping || document.querySelector('dialog[open]') || document.getElementById('overlay').childElementCount);
}

function done(event, run) {
  event.preventDefault();
  event.stopPropagation();
  run();
}

export function showKeys() {
  const everywhere = [
    'Everywhere',
    [
      ['Search', ['/']],
      ['Undo', ['Z']],
      ['Do again', ['Ctrl', 'Shift', 'Z']],
      ['These keys', ['?']],
      ...Object.entries(PLACES).map(([key, [, title]]) => [`Go to ${title}`, ['G', key.toUpperCase()]]),
    ],
  ];
  const block = ([title, keys]) => html`
    <section>
      <h3>${title}</h3>
      <dl>${keys.map(([what, caps]) => html`<dt>${what}</dt><dd>${caps.map((cap) => html`<kbd>${cap}</kbd>`)}</dd>`)}</dl>
    </section>
  `;
  return showSheet(
    'Keys',
    () => html`<div class="keys">${[...KEYS, ...VIEWER_KEYS, everywhere].map(block)}</div>`,
    { wide: true },
  );
}
