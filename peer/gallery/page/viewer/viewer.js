// The viewer: one photo over the whole window, its neighbours a swipe away, and everything that can be done with it.
//
// `open` lays it over the page, which is inert meanwhile. The view that it was opened from knows the neighbours; the address is the shell's business.

import { showKeys } from '../shortcuts.js';
import { ACTIONS } from '../timeline/actions.js';
import { act, redo, undo } from '../lib/actions.js';
import { ApiError, get, post } from '../lib/api.js';
import { html, render } from '../lib/html.js';
import { onChanged } from '../lib/live.js';
import { largestOf, originalOf, renderingOf } from './addresses.js';
import { Chrome } from './chrome.js';
import { listed } from './facts.js';
import { bring } from './fetching.js';
import { isTaken, meaningOf } from './keys.js';
import { holdFocus, loadStyles } from './overlay.js';
import { saveAs, share } from './saving.js';
import { Stage } from './stage.js';
import { Strip } from './strip.js';

const PHONE = matchMedia('(max-width: 719px)');
const REST_MS = 150;
const TAKING_LONG_MS = 300;
const PADDING = { wide: { top: 64, bottom: 16 }, phone: { top: 60, bottom: 68 } };
const INFO_KEY = 'calotype.info';

/**
 * Show photo `id`. `neighbours(id, step)`: the row that stands `step` (-1, 1) beside, or null; may be a promise.
 * `close()`: called when the person wants to go back; `moved(id)`: another photo is shown; `navigate(path)`: to another view;
 * `rectangleOf(id)`: where its tile is, to grow out of and to shrink back into. Gives { close(), show(id) }, or null when there is no such photo.
 */
export async function open(id, { neighbours, close = () => {}, moved = () => {}, navigate = null, rectangleOf = tileOf }) {
  const [details] = await Promise.all([act(() => get(`/assets/${id}`)), loadStyles()]);
  if (!details) {
    close();
    return null;
  }
  const ask = async (from, step) => {
    try {
      return await neighbours(from, step);
    } catch (error) {
      if (error instanceof ApiError) return null; // it is asked again
      throw error;
    }
  };
  const viewer = new Viewer(details, { neighbours: ask, close, moved, navigate, rectangleOf });
  return { close: () => viewer.close(), show: (other) => viewer.show(other) };
}

class Viewer {
  #hooks;
  #element = document.createElement('section');
  #chrome = document.createElement('div');
  #strip;
  #stage;
  #details = null;
  #note = null;
  #isInfoOpen = false;
  #isBare = false;
  #isClosed = false;
  #isBusy = false;
  #bringing = new Map();
  #enlarged = new Set();
  #settling = 0;
  #endings = [];

  constructor(details, hooks) {
    this.#hooks = hooks;
    this.#details = details;
    this.#strip = new Strip(details.row, hooks.neighbours);
    this.#isInfoOpen = !PHONE.matches && sessionStorage.getItem(INFO_KEY) === 'open';
    const host = document.createElement('div');
    host.className = 'viewer-stage';
    this.#element.className = 'viewer';
    this.#element.setAttribute('role', 'dialog');
    this.#element.setAttribute('aria-modal', 'true');
    this.#element.setAttribute('aria-label', 'Photo');
    this.#element.tabIndex = -1;
    this.#chrome.className = 'viewer-chrome';
    this.#element.append(this.#chrome, host);
    this.#element.classList.toggle('with-info', this.#isInfoOpen);
    document.getElementById('overlay').append(this.#element);
    this.#endings.push(holdFocus(this.#element));
    this.#stage = new Stage(host, this.#strip, this.#whatPeopleDo(), {
      padding: () => (PHONE.matches ? PADDING.phone : PADDING.wide),
      rectangleOf: hooks.rectangleOf,
    });
    this.#listen();
    this.#draw();
  }

  get #row() {
    return this.#stage?.row ?? this.#details.row;
  }

  /** Another photo, as when the person goes back and forth in the browser. */
  async show(id) {
    if (id === this.#row.id) return;
    const place = this.#strip.placeOf(id);
    const current = this.#strip.placeOf(this.#row.id);
    if (place !== undefined && Math.abs(place - current) === 1) {
      await this.#stage.step(place - current);
      return;
    }
    const details = await act(() => get(`/assets/${id}`));
    if (details) this.#begin(details);
  }

  async close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const each of this.#bringing.values()) each.abort();
    clearTimeout(this.#settling);
    if (document.fullscreenElement) await document.exitFullscreen().catch(() => {}); // it may have ended by itself
    this.#element.classList.add('closing');
    await this.#stage.close();
    for (const end of this.#endings.splice(0)) end();
    render(null, this.#chrome);
    this.#element.remove();
  }

  #begin(details) {
    this.#details = details;
    this.#strip = new Strip(details.row, this.#hooks.neighbours);
    this.#stage.replace(this.#strip);
  }

  #whatPeopleDo() {
    return {
      shown: (row) => this.#shown(row),
      tapped: () => this.#toggleBare(),
      dismissed: () => {
        if (!this.#isClosed) this.#hooks.close();
      },
      zoomed: (isZoomed) => this.#element.classList.toggle('zoomed', isZoomed),
      blurred: () => this.#enlarge(),
      unplayable: (row) => this.#unplayable(row),
    };
  }

  #listen() {
    const ending = new AbortController();
    const { signal } = ending;
    window.addEventListener('keydown', (event) => this.#key(event), { capture: true, signal });
    PHONE.addEventListener('change', () => this.#draw(), { signal });
    this.#endings.push(() => ending.abort(), onChanged(() => this.#refresh()));
  }

  #key(event) {
    if (this.#isBusy || event.isComposing || isTaken(event)) return;
    const meaning = meaningOf(event, this.#stage.isZoomed);
    if (!meaning) return;
    event.preventDefault();
    event.stopPropagation();
    this.#run(...meaning);
  }

  #draw() {
    if (this.#isClosed) return;
    const row = this.#row;
    const place = this.#strip.placeOf(row.id) ?? 0;
    const state = {
      row,
      details: this.#details?.id === row.id ? this.#details : null,
      isInfoOpen: this.#isInfoOpen,
      hasPrevious: Boolean(this.#strip.at(place - 1)),
      hasNext: Boolean(this.#strip.at(place + 1)),
      isPhone: PHONE.matches,
      note: this.#note,
    };
    this.#element.classList.toggle('with-info', this.#isInfoOpen);
    this.#element.classList.toggle('bare', this.#isBare);
    render(html`<${Chrome} state=${state} run=${(...words) => this.#run(...words)} />`, this.#chrome);
    if (document.activeElement === document.body && !this.#isBusy) this.#element.focus({ preventScroll: true }); // what had it is gone
  }

  // What is shown

  #shown(row) {
    if (this.#details?.id !== row.id) this.#details = null;
    this.#note = this.#noteOf(row);
    this.#hooks.moved(row.id);
    queueMicrotask(() => this.#draw());
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#rest(), REST_MS);
  }

  /** Whoever leafs quickly doesn't cause a question for each photo. */
  async #rest() {
    const { id } = this.#row;
    if (this.#details?.id !== id) await this.#learn(id);
    await this.#stage.learnNeighbours();
    this.#draw();
  }

  async #learn(id) {
    try {
      const details = await get(`/assets/${id}`);
      if (this.#isClosed) return null;
      this.#stage.update(details.row);
      if (this.#row.id === id) this.#details = details;
      this.#draw();
      return details;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return null; // the shell says when the peer is away
    }
  }

  /** Something changed in the library: this photo, who stands beside it, or nothing that is seen here. */
  async #refresh() {
    if (this.#isClosed || this.#isBusy) return;
    const { id } = this.#row;
    const details = await this.#learn(id);
    if (!details || this.#isClosed || this.#row.id !== id) return;
    const strip = new Strip(details.row, this.#hooks.neighbours);
    await Promise.all([strip.learn(0, 1), strip.learn(0, -1)]);
    if (this.#isClosed || this.#row.id !== id) return;
    this.#strip = strip;
    this.#stage.relearn(strip);
    if (!this.#bringing.has(id)) this.#note = this.#noteOf(details.row);
    this.#draw();
  }

  #noteOf(row) {
    if (this.#bringing.has(row.id)) return this.#note;
    if (row.kind === 'video' && row.original === 'elsewhere') return { text: 'This video is on another device.', action: { label: 'Bring it here', run: () => this.#bring() } };
    if (row.original === 'nowhere') return { text: 'No device in reach has the original.' };
    if (!row.picture && row.kind !== 'video') return { text: this.#details?.no_picture || 'There is no picture of this file yet.' };
    return null;
  }

  #say(note) {
    this.#note = note;
    this.#draw();
  }

  #unplayable(row) {
    if (row.id !== this.#row.id || row.original !== 'here') return;
    this.#say({ text: 'This browser can’t play this video.', action: { label: 'Download', run: () => this.#run('download') } });
  }

  #toggleBare() {
    this.#isBare = !this.#isBare && !this.#isInfoOpen;
    this.#draw();
  }

  // Closer

  /** More pixels than the preview has are wanted: the original is laid over it, and brought here first when it has to be. */
  async #enlarge() {
    const row = this.#row;
    if (this.#enlarged.has(row.id) || row.kind === 'raw' || row.kind === 'other' || row.original === 'nowhere') return;
    this.#enlarged.add(row.id);
    if (row.original === 'elsewhere') {
      await this.#bring();
      return;
    }
    const details = this.#details?.id === row.id ? this.#details : await this.#learn(row.id);
    if (details) await this.#layOver(details);
  }

  async #layOver(details) {
    const timer = setTimeout(() => this.#row.id === details.id && this.#say({ text: 'Loading the original…', share: null }), TAKING_LONG_MS);
    const { picture } = this.#stage;
    if (picture && this.#row.id === details.id) await picture.enlarge(largestOf(details));
    clearTimeout(timer);
    this.#enlarged.delete(details.id); // a slide that is made anew asks again
    if (this.#row.id === details.id) this.#say(this.#noteOf(this.#row));
  }

  async #bring() {
    const row = this.#row;
    if (this.#bringing.has(row.id) || row.original === 'here') return;
    const ending = new AbortController();
    this.#bringing.set(row.id, ending);
    const details = this.#details?.id === row.id ? this.#details : await this.#learn(row.id);
    let from = '';
    const tell = (progress) => {
      from = progress.from ?? from;
      if (this.#row.id === row.id) this.#say({ text: from ? `The original comes from ${from}` : waitingText(details), share: progress.share });
    };
    if (details) tell({ share: null, from: null });
    const brought = details && (await act(() => bring(details, tell, ending.signal), () => '', { canUndo: false }));
    this.#bringing.delete(row.id);
    this.#enlarged.delete(row.id);
    if (this.#isClosed) return;
    if (brought) {
      this.#stage.update(brought.row);
      if (this.#row.id === row.id) this.#details = brought;
      if (row.kind !== 'video') await this.#layOver(brought);
    }
    if (this.#row.id === row.id) this.#say(this.#noteOf(this.#row));
  }

  // What is done

  #run(name, ...words) {
    return this.#doings[name](...words);
  }

  #doings = {
    back: () => {
      const isInInfo = this.#chrome.querySelector('.viewer-info')?.contains(document.activeElement);
      if (this.#isInfoOpen && (PHONE.matches || isInInfo)) this.#run('info');
      else this.#hooks.close();
    },
    step: async (direction) => {
      await this.#stage.step(direction);
    },
    toggleZoom: () => this.#stage.toggleZoom(),
    zoom: (direction) => this.#stage.zoom(direction),
    pan: (across, down) => this.#stage.pan(across, down),
    play: () => this.#play(),
    info: () => this.#toggleInfo(),
    fullscreen: () => toggleFullscreen(),
    help: () => showKeys(),
    undo: () => undo(),
    redo: () => redo(),
    go: (path) => this.#hooks.navigate?.(path),
    bring: () => this.#bring(),
    favorite: () => this.#change(['favorite=' + (this.#row.favorite ? 'no' : 'yes')]),
    rate: (rating) => this.#change([`rating=${rating}`]),
    set: (assignments, sentence) => this.#change(assignments, sentence),
    hide: () => this.#leave(() => ACTIONS.hide([this.#row])),
    keyword: () => this.#afterwards(ACTIONS.keyword([this.#row])),
    album: () => this.#afterwards(ACTIONS.album([this.#row])),
    date: () => this.#afterwards(ACTIONS.date([this.#row])),
    place: () => this.#afterwards(ACTIONS.place([this.#row])),
    trash: () => (this.#row.trashed ? this.#run('purge') : this.#leave(() => ACTIONS.trash([this.#row]))),
    restore: () => this.#leave(() => ACTIONS.restore([this.#row])),
    purge: () => this.#leave(() => ACTIONS.purge([this.#row])),
    resolve: (body) => this.#afterwards(act(() => post('/conflicts/resolve', body), () => 'Decided. It is the same on all of your devices.')),
    revert: () => this.#afterwards(act(() => post(`/assets/${this.#row.id}/revert`), () => 'The picture is as it came.')),
    download: () => saveAs(originalOf(this.#row.id), this.#row.name),
    downloadEdited: () => this.#afterwards(this.#downloadEdited()),
    share: () => share(this.#row, this.#details),
    edit: () => this.#edit(),
    slideshow: () => this.#slideshow(),
  };

  async #change(assignments, sentence = '') {
    const { id } = this.#row;
    const answer = await act(() => post('/assets/set', { ids: [id], assignments }), () => sentence);
    for (const row of answer?.assets ?? []) this.#stage.update(row);
    this.#draw();
    if (answer) await this.#learn(id);
  }

  async #afterwards(doing) {
    const { id } = this.#row;
    if (await doing) await this.#learn(id);
  }

  async #downloadEdited() {
    const details = this.#details?.id === this.#row.id ? this.#details : await this.#learn(this.#row.id);
    if (details) saveAs(renderingOf(details.id, details.edits), `${(details.name ?? 'photo').replace(/\.[^.]*$/, '')}-edited.jpg`);
  }

  /** What takes the photo out of this view: the next one is shown, else the one before, else nothing is left to show. */
  async #leave(doing) {
    const { id } = this.#row;
    const place = this.#strip.placeOf(id);
    await Promise.all([this.#strip.learn(place, 1), this.#strip.learn(place, -1)]);
    const next = this.#strip.at(place + 1) ?? this.#strip.at(place - 1);
    this.#isBusy = true;
    const done = await doing();
    this.#isBusy = false;
    if (!done || this.#isClosed) return;
    const details = next && (await act(() => get(`/assets/${next.id}`), () => '', { canUndo: false }));
    if (details) this.#begin(details);
    else this.#hooks.close();
  }

  async #play() {
    const { film, picture } = this.#stage;
    if (film) film.toggle();
    else if (!this.#row.live) this.#stage.toggleZoom();
    else if (!(await picture.play(this.#row.id))) this.#say({ text: 'The moving part isn’t here yet, or this browser can’t play it.', action: this.#bringAction() });
  }

  #bringAction() {
    return this.#row.original === 'elsewhere' ? { label: 'Bring it here', run: () => this.#bring() } : undefined;
  }

  #toggleInfo() {
    this.#isInfoOpen = !this.#isInfoOpen;
    this.#isBare = false;
    if (!PHONE.matches) sessionStorage.setItem(INFO_KEY, this.#isInfoOpen ? 'open' : '');
    const hadFocus = this.#chrome.querySelector('.viewer-info')?.contains(document.activeElement);
    this.#draw();
    if (this.#isInfoOpen) this.#chrome.querySelector('.viewer-info .icon-button')?.focus({ preventScroll: true });
    else if (hadFocus) this.#chrome.querySelector('[aria-label=Information]')?.focus();
  }

  async #edit() {
    const row = this.#row;
    if (row.kind === 'video' || row.kind === 'other' || row.trashed || this.#isBusy) return;
    const details = this.#details?.id === row.id ? this.#details : await this.#learn(row.id);
    if (!details) return;
    await this.#alone(async () => {
      const { edit } = await import('./editing.js');
      const saved = await edit(details, this.#element);
      if (!saved) return;
      if (saved.address) this.#stage.showInstead(saved.row, saved.address, saved.size);
      this.#stage.update(saved.row);
    });
    await this.#learn(row.id);
  }

  async #slideshow() {
    if (this.#isBusy) return;
    let last = null;
    await this.#alone(async () => {
      const { play } = await import('./slideshow.js');
      last = await play(this.#row, this.#hooks.neighbours, this.#element);
    });
    if (last) await this.show(last.id);
  }

  /** Something lies over the viewer and has the keys. */
  async #alone(doing) {
    this.#isBusy = true;
    const before = document.activeElement;
    this.#chrome.inert = true;
    try {
      await doing();
    } finally {
      this.#isBusy = false;
      this.#chrome.inert = false;
      if (before?.isConnected) before.focus();
    }
  }
}

/** Where the view below shows the photo, when that can be seen. */
function tileOf(id) {
  const rectangle = document.querySelector(`#main [data-id="${CSS.escape(id)}"]`)?.getBoundingClientRect();
  const isSeen = rectangle && rectangle.bottom > 0 && rectangle.top < innerHeight && rectangle.width > 0;
  return isSeen ? rectangle : null;
}

function waitingText(details) {
  const primary = details.files.find((file) => file.role === 'primary');
  const names = (primary?.holders ?? []).filter((holder) => holder.acknowledged).map((holder) => holder.node);
  return names.length ? `Waiting for the original from ${listed(names)}` : 'Waiting for a device that has the original';
}

function toggleFullscreen() {
  const change = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  change.catch(() => {}); // the browser doesn't allow it here; nothing is lost
}
