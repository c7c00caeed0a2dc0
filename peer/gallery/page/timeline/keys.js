// The keys of the timeline, and the pointer: which photo they act on, and what is selected.

import { nearestInRow, verticalNeighbour } from './layout.js';

const LONG_PRESS_MS = 420;
const PRESS_MOVES = 10;

/** What the keys do, for the page that shows them: [title, [[what, keys]]]. */
export const KEYS = [
  [
    'Move',
    [
      ['From photo to photo', ['←', '→', '↑', '↓']],
      ['First and last', ['Home', 'End']],
      ['A screen up or down', ['Page ↑', 'Page ↓']],
      ['Larger, smaller', ['+', '−']],
    ],
  ],
  [
    'Select',
    [
      ['This photo', ['Space']],
      ['A range', ['Shift', '←→↑↓']],
      ['Everything', ['Ctrl', 'A']],
      ['The whole day', ['D']],
      ['Nothing', ['Esc']],
    ],
  ],
  [
    'With what is selected',
    [
      ['Open', ['Enter']],
      ['Favourite', ['F']],
      ['Rate, no rating', ['1', '…', '5', '0']],
      ['Hide', ['H']],
      ['Add a keyword', ['K']],
      ['Add to an album', ['B']],
      ['To the trash', ['Delete']],
    ],
  ],
];

/** Connect pointer and keys to a grid. `hooks`: { open(id), act(name, argument) }. Gives a function that ends it. */
export function connect(grid, hooks) {
  const ending = new AbortController();
  const { signal } = ending;
  const press = { timer: 0, x: 0, y: 0, isLong: false };
  const { photos } = grid;

  photos.addEventListener('click', (event) => {
    if (press.isLong) {
      press.isLong = false;
      return;
    }
    click(grid, hooks, event);
  }, { signal });
  photos.addEventListener('contextmenu', (event) => press.isLong && event.preventDefault(), { signal });
  photos.addEventListener('pointerdown', (event) => {
    press.isLong = false;
    clearTimeout(press.timer);
    const id = event.target.closest?.('.tile')?.dataset.id;
    if (event.pointerType === 'mouse' || !id) return;
    Object.assign(press, { x: event.clientX, y: event.clientY });
    press.timer = setTimeout(() => {
      press.isLong = true;
      navigator.vibrate?.(12);
      select(grid, id);
    }, LONG_PRESS_MS);
  }, { signal });
  photos.addEventListener('pointermove', ({ clientX, clientY }) => {
    if (Math.hypot(clientX - press.x, clientY - press.y) > PRESS_MOVES) clearTimeout(press.timer);
  }, { signal });
  for (const name of ['pointerup', 'pointercancel']) photos.addEventListener(name, () => clearTimeout(press.timer), { signal });
  document.addEventListener('keydown', (event) => key(grid, hooks, event), { signal });
  photos.addEventListener('focus', () => {
    // A pointer gives the focus, too; then nothing may move before its click.
    if (!photos.matches(':focus-visible')) return;
    if (grid.active === null || !grid.isVisible(grid.active)) activateNumber(grid, grid.firstVisible());
  }, { signal });
  return () => {
    clearTimeout(press.timer);
    ending.abort();
  };
}

function click(grid, hooks, event) {
  const dayTick = event.target.closest('.day-tick');
  if (dayTick) {
    selectDay(grid, dayTick.closest('.day').querySelector('.tile')?.dataset.id);
    return;
  }
  const tile = event.target.closest('.tile');
  if (!tile) return;
  const { id } = tile.dataset;
  const selects = event.target.closest('.tick') || grid.selection.size > 0 || event.ctrlKey || event.metaKey || event.shiftKey;
  grid.activate(id);
  if (!selects) hooks.open(id);
  else if (event.shiftKey && grid.selection.anchor) extendTo(grid, id);
  else select(grid, id);
}

function select(grid, id) {
  const row = grid.rowOf(id);
  if (!row) return;
  grid.activate(id);
  grid.selection.toggle(row);
  grid.rangeEnd = id;
}

/** The range from the anchor to this photo instead of the one that was there. */
async function extendTo(grid, id) {
  const { selection } = grid;
  const anchor = grid.numberOf(selection.anchor);
  const to = grid.numberOf(id);
  if (anchor < 0 || to < 0) return;
  const before = grid.numberOf(grid.rangeEnd);
  const old = before < 0 ? [] : await grid.rowsBetween(anchor, before);
  const rows = await grid.rowsBetween(anchor, to);
  grid.rangeEnd = id;
  selection.extend(old, rows);
}

/** All photos of the day of one; none of them when all were selected. */
async function selectDay(grid, id) {
  const number = grid.numberOf(id);
  if (number < 0) return;
  const day = (row) => (row?.taken ?? '').slice(0, 10);
  const wanted = day(grid.rowOf(id));
  const rows = [grid.rowOf(id)];
  for (const step of [-1, 1]) {
    for (let other = number + step; ; other += step) {
      const row = await grid.rowAt(other);
      if (!row || day(row) !== wanted) break;
      rows.push(row);
    }
  }
  const { selection } = grid;
  if (rows.every((row) => selection.has(row.id))) selection.remove(rows.map((row) => row.id));
  else selection.add(rows);
}

async function activateNumber(grid, number) {
  if (number < 0) return null;
  const row = await grid.reveal(number);
  if (row) grid.activate(row.id);
  return row;
}

/** Keys belong to the grid unless something else has the focus that takes them. */
function isOurs(grid, { target, defaultPrevented }) {
  if (defaultPrevented || document.querySelector('dialog[open]') || document.getElementById('overlay')?.childElementCount) return false;
  return target === document.body || target.id === 'main' || grid.element.contains(target);
}

function key(grid, hooks, event) {
  if (!isOurs(grid, event)) return;
  const isCommand = event.ctrlKey || event.metaKey;
  if (event.altKey) return;
  if (isCommand && event.key.toLowerCase() !== 'a') return;
  const run = (isCommand ? { a: selectAll, A: selectAll } : ACTIONS)[event.key];
  if (run && run(grid, hooks, event) !== false) event.preventDefault();
}

async function selectAll(grid) {
  grid.selection.add(await grid.rowsBetween(0, grid.count - 1));
}

const move = (find) => (grid, _hooks, event) => {
  moveTo(grid, find, event.shiftKey);
};

async function moveTo(grid, find, isRange) {
  const from = grid.active !== null && grid.isVisible(grid.active) ? grid.numberOf(grid.active) : -1;
  grid.photos.focus({ preventScroll: true });
  const number = from < 0 && !find.isAnywhere ? grid.firstVisible() : await find(grid, from);
  const start = grid.active;
  const row = await activateNumber(grid, number);
  if (!row || !isRange) return;
  if (!grid.selection.anchor && start) {
    const first = grid.rowOf(start);
    if (first) grid.selection.toggle(first);
    grid.rangeEnd = start;
  }
  await extendTo(grid, row.id);
}

/** The number of the photo above or below, in another piece, too. */
const vertical = (step) => async (grid, from) => {
  const { sections } = grid;
  const { block, index } = sections.placeAt(from);
  const near = verticalNeighbour(block.layout.boxes, index, step);
  if (near >= 0) return block.start + near;
  const other = sections.placeAt(step < 0 ? block.start - 1 : block.start + block.count);
  if (!other) return from;
  const middle = block.layout.boxes[index * 4] + block.layout.boxes[index * 4 + 2] / 2;
  await grid.reveal(other.block.start + other.index);
  if (!other.block.layout) return other.block.start + other.index;
  return other.block.start + nearestInRow(other.block.layout.boxes, Math.min(other.index, other.block.rows.length - 1), step, middle);
};

const screen = (step) => async (grid, from) => {
  let number = from;
  const start = boxAt(grid, from)?.y ?? 0;
  for (let row = 0; row < 40; row += 1) {
    const next = await vertical(step)(grid, number);
    if (next === number) break;
    number = next;
    if (Math.abs((boxAt(grid, number)?.y ?? start) - start) >= grid.viewHeight * 0.8) break;
  }
  return number;
};

const boxAt = (grid, number) => grid.sections.boxOf(grid.sections.placeAt(number));
const anywhere = (find) => Object.assign(find, { isAnywhere: true });
const within = (grid, number) => Math.min(Math.max(number, 0), grid.count - 1);
const act = (name, argument) => (_grid, hooks) => hooks.act(name, argument);

const ACTIONS = {
  ArrowLeft: move((grid, from) => within(grid, from - 1)),
  ArrowRight: move((grid, from) => within(grid, from + 1)),
  ArrowUp: move(vertical(-1)),
  ArrowDown: move(vertical(1)),
  PageUp: move(screen(-1)),
  PageDown: move(screen(1)),
  Home: move(anywhere(() => 0)),
  End: move(anywhere((grid) => grid.count - 1)),
  Enter: (grid, hooks) => (grid.active === null ? false : hooks.open(grid.active)),
  ' ': (grid) => (grid.active === null ? false : select(grid, grid.active)),
  Escape: (grid) => (grid.selection.size ? grid.selection.clear() : false),
  '+': (grid) => grid.zoom(1),
  '=': (grid) => grid.zoom(1),
  '-': (grid) => grid.zoom(-1),
  d: (grid) => (grid.active === null ? false : selectDay(grid, grid.active)),
  f: act('favorite'),
  h: act('hide'),
  k: act('keyword'),
  b: act('album'),
  Delete: act('trash'),
  Backspace: act('trash'),
  '#': act('trash'),
  ...Object.fromEntries([0, 1, 2, 3, 4, 5].map((rating) => [String(rating), act('rate', rating)])),
};
