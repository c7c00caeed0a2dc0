// One photo after the other, on the whole screen: for a television, or for looking back. Needs no mouse.

import { Icon } from '../icons.js';
import { html, render } from '../lib/html.js';
import { nameOf } from '../timeline/words.js';
import { originalOf, previewOf } from './addresses.js';
import { momentOf } from './facts.js';

const SECONDS = [3, 5, 8, 15, 30];
const USUAL = 1;
const QUIET_MS = 2_600;
const CALM = matchMedia('(prefers-reduced-motion: reduce)');

/** Show `row` and those after it over `host` until somebody has enough. `neighbours(id, step)` as in the viewer. Gives the row shown last. */
export function play(row, neighbours, host) {
  return new Promise((resolve) => {
    new Slideshow(row, neighbours, host, resolve).begin();
  });
}

class Slideshow {
  #first;
  #row;
  #neighbours;
  #finish;
  #element = document.createElement('section');
  #pictures = document.createElement('div');
  #controls = document.createElement('div');
  #pace = USUAL;
  #isPlaying = true;
  #timer = 0;
  #quiet = 0;
  #turn = 0;
  #wakeLock = null;
  #wasFullscreen = Boolean(document.fullscreenElement);
  #ending = new AbortController();

  constructor(row, neighbours, host, finish) {
    this.#first = row;
    this.#row = row;
    this.#neighbours = neighbours;
    this.#finish = finish;
    this.#element.className = 'slideshow dark-room';
    this.#element.setAttribute('role', 'dialog');
    this.#element.setAttribute('aria-modal', 'true');
    this.#element.setAttribute('aria-label', 'Slideshow');
    this.#element.tabIndex = -1;
    this.#pictures.className = 'slideshow-pictures';
    this.#controls.className = 'slideshow-controls';
    this.#element.append(this.#pictures, this.#controls);
    host.append(this.#element);
  }

  begin() {
    const { signal } = this.#ending;
    this.#element.focus();
    if (!this.#wasFullscreen) this.#element.requestFullscreen?.().catch(() => {}); // without it the window is used
    document.addEventListener('fullscreenchange', () => !document.fullscreenElement && !this.#wasFullscreen && this.#end(), { signal });
    window.addEventListener('keydown', (event) => this.#key(event), { capture: true, signal });
    for (const name of ['pointermove', 'pointerdown', 'focusin']) this.#element.addEventListener(name, () => this.#wake(), { signal });
    document.addEventListener('visibilitychange', () => this.#keepAwake(), { signal });
    this.#keepAwake();
    this.#wake();
    this.#show(this.#row);
  }

  #end() {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#quiet);
    this.#turn += 1;
    this.#wakeLock?.release().catch(() => {}); // it may have been taken away by itself
    if (!this.#wasFullscreen && document.fullscreenElement) document.exitFullscreen().catch(() => {});
    render(null, this.#controls);
    this.#element.remove();
    this.#finish(this.#row);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target.closest?.('button') && (event.key === 'Enter' || event.key === ' ');
    const run = { Escape: () => this.#end(), ArrowRight: () => this.#step(1), ArrowLeft: () => this.#step(-1), ' ': () => this.#toggle(), Enter: () => this.#toggle(), MediaPlayPause: () => this.#toggle(), ArrowUp: () => this.#hurry(-1), ArrowDown: () => this.#hurry(1), s: () => this.#end() }[event.key];
    event.stopPropagation();
    this.#wake();
    if (!run || onButton) return;
    event.preventDefault();
    run();
  }

  #toggle() {
    this.#isPlaying = !this.#isPlaying;
    const film = this.#pictures.querySelector('video');
    if (film && this.#isPlaying) film.play().catch(() => {});
    else film?.pause();
    this.#wait();
    this.#draw();
  }

  /** A photo stays for longer (1) or shorter (-1). */
  #hurry(step) {
    this.#pace = Math.min(Math.max(this.#pace + step, 0), SECONDS.length - 1);
    this.#wait();
    this.#draw();
  }

  /** On to the next; after the last it begins again where the show began. */
  async #step(direction) {
    const turn = (this.#turn += 1);
    const next = (await this.#neighbours(this.#row.id, direction)) ?? (direction > 0 ? this.#first : null);
    if (turn === this.#turn && next && !this.#ending.signal.aborted) await this.#show(next);
  }

  async #show(row) {
    const turn = (this.#turn += 1);
    clearTimeout(this.#timer);
    const slide = row.kind === 'video' && row.original === 'here' ? this.#film(row) : await picture(row);
    if (turn !== this.#turn) return;
    this.#row = row;
    const before = [...this.#pictures.children];
    this.#pictures.append(slide);
    slide.getBoundingClientRect(); // so that it fades in from where it is
    slide.classList.add('on');
    for (const each of before) {
      each.classList.remove('on');
      each.querySelector('video')?.pause();
      if (CALM.matches) each.remove();
      else each.addEventListener('transitionend', () => each.remove(), { once: true });
    }
    while (this.#pictures.childElementCount > 2) this.#pictures.firstElementChild.remove();
    this.#draw();
    this.#wait();
    this.#neighbours(row.id, 1).then((next) => next && picture(next)); // so that it is there when its turn comes
  }

  #film(row) {
    const slide = document.createElement('div');
    const film = document.createElement('video');
    slide.className = 'slideshow-slide';
    film.src = originalOf(row.id);
    film.playsInline = true;
    film.muted = true;
    film.setAttribute('aria-label', nameOf(row));
    film.addEventListener('ended', () => this.#isPlaying && this.#step(1));
    film.addEventListener('error', () => this.#isPlaying && this.#step(1));
    slide.append(film);
    if (this.#isPlaying) film.play().catch(() => {});
    return slide;
  }

  #wait() {
    clearTimeout(this.#timer);
    const isFilm = Boolean(this.#pictures.querySelector('.on video'));
    if (this.#isPlaying && !isFilm) this.#timer = setTimeout(() => this.#step(1), SECONDS[this.#pace] * 1000);
  }

  /** The controls are there while somebody is. */
  #wake() {
    this.#element.classList.add('awake');
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#element.classList.remove('awake'), QUIET_MS);
  }

  async #keepAwake() {
    if (document.hidden || !navigator.wakeLock) return;
    try {
      this.#wakeLock = await navigator.wakeLock.request('screen');
    } catch {
      this.#wakeLock = null; // the system decides
    }
  }

  #draw() {
    const moment = momentOf(this.#row.taken);
    const button = (icon, label, run) => html`<button type="button" class="icon-button" aria-label=${label} title=${label} onClick=${run}><${Icon} name=${icon} /></button>`;
    render(
      html`
        <div class="slideshow-words" aria-live="off">
          <strong>${this.#row.caption || moment?.date || ''}</strong>
          ${this.#row.caption && moment && html`<span>${moment.date}</span>`}
        </div>
        <div class="slideshow-bar" role="toolbar" aria-label="Slideshow">
          ${button('back', 'Previous (←)', () => this.#step(-1))}
          ${button(this.#isPlaying ? 'pause' : 'play', this.#isPlaying ? 'Pause (Space)' : 'Play (Space)', () => this.#toggle())}
          ${button('forward', 'Next (→)', () => this.#step(1))}
          <button type="button" class="slideshow-pace" title="Longer (↓), shorter (↑)" onClick=${() => this.#hurry(this.#pace === SECONDS.length - 1 ? -this.#pace : 1)}>${SECONDS[this.#pace]} s</button>
          ${button('close', 'End (Esc)', () => this.#end())}
        </div>
      `,
      this.#controls,
    );
  }
}

/** A slide with the picture of `row`, loaded; an empty one when it isn't there. */
async function picture(row) {
  const slide = document.createElement('div');
  const image = new Image();
  slide.className = 'slideshow-slide';
  image.alt = nameOf(row);
  image.src = previewOf(row);
  slide.append(image);
  await image.decode().catch(() => image.remove());
  return slide;
}
