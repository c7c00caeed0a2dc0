// The keys of the viewer.

/** What they do, for the page that shows them, as in the timeline: [title, [[what, keys]]]. */
export const KEYS = [
  [
    'A photo, large',
    [
      ['Earlier, later in the row', ['←', '→']],
      ['Larger, smaller', ['+', '−']],
      ['Zoom in and out', ['Enter']],
      ['Move the picture', ['Shift', '←→↑↓']],
      ['Play, or the moving part', ['Space']],
      ['Information', ['I']],
      ['Edit', ['E']],
      ['Slideshow', ['S']],
      ['Full screen', ['W']],
      ['Download', ['D']],
      ['Back', ['Esc']],
    ],
  ],
];

const TYPING = 'input:not([type=range]), textarea, select, [contenteditable]';

/** The name of what a key means for the viewer, or undefined; for ratings, moves and pans with an argument: [name, …]. */
export function meaningOf({ key, shiftKey, ctrlKey, metaKey, altKey }, isZoomed) {
  if ((ctrlKey || metaKey) && key.toLowerCase() === 'z') return [shiftKey ? 'redo' : 'undo'];
  if (ctrlKey || metaKey || altKey) return undefined;
  const pans = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (pans && isZoomed && (shiftKey || pans[1])) return ['pan', ...pans];
  if (/^[0-5]$/.test(key)) return ['rate', Number(key)];
  return MEANINGS.get(key.length === 1 ? key.toLowerCase() : key);
}

const MEANINGS = new Map([
  ['ArrowLeft', ['step', -1]],
  ['ArrowRight', ['step', 1]],
  ['PageUp', ['step', -1]],
  ['PageDown', ['step', 1]],
  ['Escape', ['back']],
  ['Enter', ['toggleZoom']],
  ['+', ['zoom', 1]],
  ['=', ['zoom', 1]],
  ['-', ['zoom', -1]],
  [' ', ['play']],
  ['f', ['favorite']],
  ['i', ['info']],
  ['e', ['edit']],
  ['s', ['slideshow']],
  ['w', ['fullscreen']],
  ['d', ['download']],
  ['h', ['hide']],
  ['k', ['keyword']],
  ['b', ['album']],
  ['Delete', ['trash']],
  ['Backspace', ['trash']],
  ['#', ['trash']],
  ['z', ['undo']],
  ['?', ['help']],
]);

/** Whether something else takes this key: a field, a dialog, an open menu, or a button that is pressed with it. */
export function isTaken({ target, key }) {
  if (document.querySelector('dialog[open]') || target.closest?.('[data-keys=own]')) return true;
  if (target.closest?.(TYPING)) return true;
  return (key === 'Enter' || key === ' ') && Boolean(target.closest?.('button, a, summary, video'));
}
