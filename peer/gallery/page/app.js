// The shell: which view is shown, the header, whether the peer is there, and the viewer over all of it.

import { showNavigation } from './navigation.js';
import { showHeader } from './header.js';
import { followKeys } from './shortcuts.js';
import { showSheet } from './dialogs.js';
import { icon } from './icons.js';
import { html } from './lib/html.js';
import { onConnection, start } from './lib/live.js';

const TITLE = 'Calotype';
const PATIENCE_MS = 2_500;

/** [pattern of the path, title, module, parameters from the parts of the path]. */
const ROUTES = [
  [/^\/$/, '', () => import('./views/timeline.js'), () => ({})],
  [/^\/favorites$/, 'Favourites', () => import('./views/timeline.js'), () => ({ favorite: 1 })],
  [/^\/videos$/, 'Videos', () => import('./views/timeline.js'), () => ({ kind: 'video' })],
  [/^\/hidden$/, 'Hidden', () => import('./views/timeline.js'), () => ({ hidden: 1 })],
  [/^\/trash$/, 'Trash', () => import('./views/trash.js'), () => ({ trash: 1 })],
  [/^\/albums$/, 'Albums', () => import('./views/albums.js'), () => ({})],
  [/^\/album\/([0-9a-f]{32})$/, 'Album', () => import('./views/album.js'), (id) => ({ id, album: id })],
  [/^\/search$/, 'Search', () => import('./views/search.js'), () => ({})],
  [/^\/conflicts$/, 'Conflicts', () => import('./views/conflicts.js'), () => ({})],
  [/^\/activity$/, 'Activity', () => import('./views/activity.js'), () => ({})],
  [/^\/devices$/, 'Devices', () => import('./views/devices.js'), () => ({})],
  [/^\/storage$/, 'Storage', () => import('./views/storage.js'), () => ({})],
  [/^\/import$/, 'Import', () => import('./views/importing.js'), () => ({})],
];

const main = document.getElementById('main');
let shown = null;
let viewer = null;
let dropped = null;

/** Go to `path` (with its query) of this page. */
function navigate(path, { replace = false } = {}) {
  const url = new URL(path, location.origin);
  if (url.pathname + url.search === location.pathname + location.search) return;
  if (replace) history.replaceState(history.state, '', url);
  else history.pushState({ isOurs: true }, '', url);
  follow();
}

/** Make what is shown agree with the address. */
function follow() {
  const query = new URLSearchParams(location.search);
  const photo = query.get('photo');
  query.delete('photo');
  const address = `${location.pathname}?${query}`;
  if (shown?.address !== address) showView(address, Object.fromEntries(query));
  showPhoto(photo);
}

async function showView(address, query) {
  const before = shown;
  const { pathname } = location;
  const [pattern, title = '', load = null, parametersOf] = ROUTES.find(([path]) => path.test(pathname)) ?? [];
  const parameters = load ? { ...query, ...parametersOf(...pattern.exec(pathname).slice(1)) } : {};
  header.update(pathname, query.query ?? '');
  navigation.update(pathname);
  if (before?.pathname === pathname && before.mounted?.follow) {
    before.address = address;
    before.mounted.follow(parameters);
    return;
  }
  const view = { address, pathname, offered: {}, mounted: null };
  shown = view;
  before?.mounted?.();
  setTitle(title);
  const place = document.createElement('div');
  place.className = 'view';
  main.replaceChildren(place);
  if (!load) {
    place.replaceChildren(notice('There is nothing at this address', 'The link may be old, or mistyped.'));
    return;
  }
  const context = { parameters, title, navigate, open, setTitle, files: takeDropped(), offer: (offered) => Object.assign(view.offered, offered) };
  view.ready = mountView(view, place, load, context);
  await view.ready;
}

async function mountView(view, place, load, context) {
  try {
    const { mount } = await load();
    if (shown !== view) return;
    const mounted = await mount(place, context);
    if (shown === view) view.mounted = mounted;
    else mounted?.();
  } catch (error) {
    if (shown !== view) return;
    place.replaceChildren(notice('This view couldn’t be shown', 'Is the peer still running? Reload the page when it is.'));
    throw error;
  }
}

/** Show a photo over the view. */
function open(id) {
  const url = new URL(location.href);
  url.searchParams.set('photo', id);
  navigate(url.pathname + url.search);
}

async function showPhoto(id) {
  if (!id) {
    const closing = viewer;
    viewer = null;
    if (closing) {
      (await closing.opened)?.close?.();
      shown?.offered.focus?.();
    }
    return;
  }
  if (viewer) {
    if (viewer.id === id) return;
    viewer.id = id;
    (await viewer.opened)?.show?.(id);
    return;
  }
  viewer = { id };
  viewer.opened = import('./viewer/viewer.js').then((module) =>
    module.open(id, { neighbours, moved, close: closePhoto, navigate }),
  );
}

/** What stands beside a photo in the view behind the viewer; null at the ends, and in views without photos. */
async function neighbours(id, step) {
  await shown?.ready;
  return (await shown?.offered.neighbours?.(id, step)) ?? null;
}

/** The viewer shows another photo: the address follows, and the view behind it. */
function moved(id) {
  if (!viewer || viewer.id === id) return;
  viewer.id = id;
  const url = new URL(location.href);
  url.searchParams.set('photo', id);
  history.replaceState(history.state, '', url);
  shown?.offered.reveal?.(id);
}

/** Back to the view: by the browser's own way back when we came from it. */
function closePhoto() {
  if (!viewer) return;
  shown?.offered.reveal?.(viewer.id);
  if (history.state?.isOurs) history.back();
  else {
    const url = new URL(location.href);
    url.searchParams.delete('photo');
    navigate(url.pathname + url.search, { replace: true });
  }
}

function setTitle(text) {
  document.title = text ? `${text} · ${TITLE}` : TITLE;
}

function takeDropped() {
  const files = dropped;
  dropped = null;
  return files;
}

function notice(title, text) {
  const element = document.createElement('div');
  const heading = document.createElement('h2');
  const sentence = document.createElement('p');
  element.className = 'empty';
  heading.textContent = title;
  sentence.textContent = text;
  element.append(icon('help'), heading, sentence);
  return element;
}

/** A sentence below the header while the peer is away, not for moments, or the session is over. */
function followConnection() {
  const place = document.getElementById('notice');
  let timer = 0;
  const show = (name, sentence) => {
    const text = document.createElement('span');
    text.textContent = sentence;
    place.replaceChildren(icon(name), text);
  };
  onConnection((isConnected) => {
    clearTimeout(timer);
    if (isConnected) place.replaceChildren();
    else {
      timer = setTimeout(() => show('offline', 'The peer on this device isn’t running. What you see stays; changes wait until it is back.'), PATIENCE_MS);
    }
  });
  document.addEventListener('calotype:logged-out', () => {
    clearTimeout(timer);
    show('lock', 'This session has ended. What you see stays.');
    const words = html`<p>Run <code>calotype open</code> on this machine: it opens the gallery with a new one.</p>`;
    if (!document.querySelector('dialog[open]')) showSheet('This session has ended', () => words);
  });
}

/** Links within the page don't load it again. */
function followLinks() {
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || event.defaultPrevented || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href);
    const isPage = !/^\/(?:api|media|login)(?:\/|$)/.test(url.pathname);
    if (url.origin !== location.origin || !isPage || (url.hash && url.pathname === location.pathname)) return;
    event.preventDefault();
    navigate(url.pathname + url.search);
  });
}

/** Files dropped anywhere are brought in: the import view gets them as `files`: { entries, files }. */
function followDrops() {
  const hasFiles = (event) => event.dataTransfer?.types.includes('Files');
  document.addEventListener('dragover', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  document.addEventListener('drop', (event) => {
    if (!hasFiles(event) || event.defaultPrevented) return;
    event.preventDefault();
    if (location.pathname === '/import') return;
    // Only now, while it is told, can they be read: folders as entries, all of them.
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.() ?? null).filter(Boolean);
    dropped = { entries, files: [...event.dataTransfer.files] };
    navigate('/import');
  });
}

const navigation = showNavigation(document.getElementById('sidebar'), document.getElementById('bar'));
const header = showHeader(document.getElementById('header'), navigate);
window.addEventListener('popstate', follow);
followConnection();
followLinks();
followDrops();
followKeys({ navigate, focusSearch: header.focus });
start();
follow();
