// The photos of a view, by month and day: all, favourites, videos, hidden ones; with a heading of its own also an album, the trash, what was found.

import { icon } from '../icons.js';
import { ApiError, get } from '../lib/api.js';
import { onChanged } from '../lib/live.js';
import { act } from '../lib/actions.js';
import { ACTIONS } from '../timeline/actions.js';
import { showBar } from '../timeline/bar.js';
import { Grid } from '../timeline/grid.js';
import { connect } from '../timeline/keys.js';
import { Scrubber } from '../timeline/scrubber.js';
import { countText } from '../timeline/words.js';
import { followGestures, LEVELS } from '../timeline/zoom.js';

const VIEW = ['favorite', 'hidden', 'trash', 'album', 'kind', 'query'];
const CLEARS_SELECTION = new Set(['trash', 'restore', 'purge', 'hide', 'removeFromAlbum']);

/**
 * Show the photos of `view` (VIEW parameters; without it those among `context.parameters`) in `element`.
 *
 * `heading`: an element above the photos that scrolls with them; `empty`: an element shown when there are none. Gives a function that ends it, with
 * `update({ view })` (another view in the same place), `follow(parameters)` (the same for an address), `grid`, and `onLoaded(listener(count))`.
 */
export function mount(element, context, { view = viewOf(context.parameters), heading = titleOf(context), empty = emptyOf(view, context) } = {}) {
  let current = view;
  let count = 0;
  let isLoaded = false;
  const listeners = new Set();
  const place = div('selection-place');
  const emptyPlace = div('timeline-empty');
  let scrubber = null;
  const grid = new Grid(element, {
    view,
    lead: heading,
    hooks: {
      moved: () => scrubber?.update(),
      zoomed: () => tools.update(),
      loaded: (total) => {
        count = total;
        isLoaded = true;
        tell();
      },
    },
  });
  scrubber = new Scrubber(grid);
  const run = async (name, argument) => {
    const rows = await chosen(grid);
    if (!rows.length) return;
    const answer = await ACTIONS[current.trash && name === 'trash' ? 'purge' : name](rows, argument);
    if (answer === null) return;
    if (CLEARS_SELECTION.has(name)) grid.selection.clear();
    if (Array.isArray(answer.assets)) grid.selection.refresh(answer.assets); // of an album it is how many
    grid.refresh();
  };
  const tools = zoomTools(grid);
  const endings = [
    connect(grid, { open: context.open, act: run }),
    followGestures(grid.scroller, (step, y) => grid.zoom(step, y)),
    showBar(place, grid.selection, () => current, run),
    onChanged(() => isLoaded && grid.refresh()),
    tools.end,
  ];
  const awake = () => scrubber.wake();
  grid.scroller.addEventListener('scroll', awake, { passive: true });
  document.getElementById('header').append(place);
  emptyPlace.hidden = true;
  if (empty) emptyPlace.append(empty);
  element.append(emptyPlace);

  function tell() {
    emptyPlace.hidden = !empty || count > 0;
    emptyPlace.style.top = `${heading?.offsetHeight ?? 0}px`;
    grid.photos.setAttribute('aria-label', count ? `Photos, ${countText(count)}` : 'Photos');
    for (const listener of listeners) listener(count);
  }

  async function load(wanted) {
    try {
      await grid.load(wanted);
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (!(error instanceof ApiError)) throw error;
      if (error.code !== 0) await act(() => Promise.reject(error));
      isLoaded = true; // It is asked for again when something changes, or the peer is back.
    }
  }

  const loaded = load(current);
  const numberOf = async (id) => {
    await loaded;
    return find(grid, current, id);
  };
  context.offer?.({
    neighbours: async (id, step) => {
      const number = await numberOf(id);
      return number < 0 ? null : grid.rowAt(number + step);
    },
    reveal: async (id) => {
      const number = await numberOf(id);
      if (number < 0) return;
      await grid.reveal(number, { isCentered: true });
      grid.activate(id);
    },
    focus: () => grid.photos.focus({ preventScroll: true }),
  });

  const unmount = () => {
    for (const end of endings) end();
    scrubber.destroy();
    grid.destroy();
    place.remove();
    emptyPlace.remove();
  };
  const update = ({ view: wanted }) => {
    current = wanted;
    grid.selection.clear();
    return load(wanted);
  };
  return Object.assign(unmount, {
    grid,
    update,
    follow: (parameters) => update({ view: viewOf(parameters) }),
    onLoaded: (listener) => {
      listeners.add(listener);
      if (isLoaded) listener(count);
    },
  });
}

/** The parameters of a path that say which photos are shown. */
function viewOf(parameters) {
  return Object.fromEntries(VIEW.filter((name) => parameters[name] !== undefined).map((name) => [name, parameters[name]]));
}

/** What is selected; when nothing is, the photo that the keys are at. */
async function chosen(grid) {
  if (grid.selection.size) return grid.selection.rows;
  const row = grid.active === null ? null : grid.rowOf(grid.active);
  return row ? [row] : [];
}

/** The number of a photo; of one that isn't loaded the peer knows it, in the view of everything. -1 when it isn't there. */
async function find(grid, view, id) {
  const known = grid.numberOf(id);
  if (known >= 0 || Object.keys(view).length) return known;
  try {
    const { month, index } = await get(`/assets/${id}/place`);
    const block = grid.sections.list.find((section) => section.month === month)?.blocks[0];
    return block ? block.start + index : -1;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return -1; // It is hidden, or in the trash.
  }
}

/** Of the timeline itself it is only heard: months are enough to see. */
function titleOf({ title }) {
  const heading = document.createElement('h1');
  heading.className = title ? 'timeline-title' : 'visually-hidden';
  heading.textContent = title || 'Photos';
  return heading;
}

/** Buttons in the header. */
function zoomTools(grid) {
  const place = div('zoom-tools');
  const button = (name, label, step) => {
    const element = document.createElement('button');
    element.type = 'button';
    element.className = 'icon-button';
    element.title = label;
    element.setAttribute('aria-label', label);
    element.append(icon(name));
    element.addEventListener('click', () => grid.zoom(step));
    place.append(element);
    return element;
  };
  const smaller = button('minus', 'Smaller photos', -1);
  const larger = button('plus', 'Larger photos', 1);
  const update = () => {
    smaller.disabled = grid.level === 0;
    larger.disabled = grid.level === LEVELS - 1;
  };
  update();
  document.getElementById('tools').prepend(place);
  return { update, end: () => place.remove() };
}

const NOTHING = {
  favorite: ['star', 'No favourites yet', 'Press F on a photo, or the star above what you selected. Favourites are the same on all of your devices.'],
  hidden: ['hide', 'Nothing is hidden', 'What you hide leaves the timeline and stays in your library. Press H on a photo.'],
  trash: ['trash', 'The trash is empty', 'What you throw away stays here for a while, and can be brought back until then.'],
  album: ['albums', 'This album is empty', 'Select photos in the timeline and press B to add them.'],
  kind: ['video', 'No videos yet', 'Videos that you import appear here.'],
  query: ['search', 'Nothing was found', 'Try fewer words, a year, a month like “july 2024”, or the name of a camera.'],
};

function emptyOf(view, context) {
  const found = VIEW.find((name) => view[name] !== undefined && NOTHING[name]);
  if (!found) return welcome(context);
  const [name, title, text] = NOTHING[found];
  const element = div('empty');
  element.append(icon(name), paragraph('h2', title), paragraph('p', text));
  return element;
}

/** How photos come in, for a library without any. */
function welcome({ navigate }) {
  const element = div('empty');
  const ways = document.createElement('ul');
  ways.className = 'import-ways';
  const way = (text, code, rest = '') => {
    const item = document.createElement('li');
    item.append(text);
    if (code) item.append(paragraph('code', code), rest);
    ways.append(item);
  };
  way('Drop files or whole folders anywhere on this page.');
  way('In a terminal: ', 'calotype import ~/Pictures');
  way('To take in what comes into a folder by itself: ', 'calotype watch add ~/Pictures');
  const button = paragraph('button', 'Choose photos');
  button.type = 'button';
  button.className = 'button primary';
  button.addEventListener('click', () => navigate('/import'));
  const text = 'They stay as they are: originals are never changed, and nothing is sent anywhere but to your own devices and relays, sealed.';
  element.append(icon('photos'), paragraph('h2', 'Bring your photos in'), paragraph('p', text), ways, button);
  return element;
}

function paragraph(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function div(className) {
  const element = document.createElement('div');
  element.className = className;
  return element;
}
