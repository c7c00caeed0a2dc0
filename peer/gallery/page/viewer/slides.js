// What stands on one slide: a picture in layers, each better one fading over the one before, or a film.

import { pictureOfHash } from '../timeline/hashes.js';
import { nameOf } from '../timeline/words.js';
import { motionOf, originalOf, previewOf, thumbnailOf } from './addresses.js';

const BAR_OF_CONTROLS = 64;
const USUAL = { width: 4, height: 3 };
const UNKNOWN_EDGE = 1200;
const LARGE = 2400;
const PATIENCE_MS = [400, 800, 1600, 3200, 6400];
const MOST_ENLARGED = 3;

/** Width and height to lay a slide out with, also when nobody knows them yet. Small pictures are shown larger than they are, but not absurdly so. */
export function sizeOf(row) {
  if (!(row.width > 0 && row.height > 0)) return { width: UNKNOWN_EDGE, height: (UNKNOWN_EDGE * USUAL.height) / USUAL.width };
  const factor = Math.max(1, Math.min(MOST_ENLARGED, LARGE / Math.max(row.width, row.height)));
  return { width: row.width * factor, height: row.height * factor };
}

/** The smallest picture of a row that there is at once, or false. */
export function placeholderOf(row) {
  return row.picture ? thumbnailOf(row) : (pictureOfHash(row.thumbhash)?.url ?? false);
}

/** A picture that grows better. `settled()`: the first layer is there, or there will be none. */
export class Picture {
  element = document.createElement('div');
  #best = 0;
  #generation = 0;

  constructor(row, settled, instead) {
    this.element.className = 'pswp__img slide';
    this.element.setAttribute('role', 'img');
    this.element.setAttribute('aria-label', nameOf(row));
    const hash = pictureOfHash(row.thumbhash);
    if (hash && !row.picture) this.element.style.backgroundImage = `url("${hash.url}")`;
    if (!instead && !row.picture) settled();
    else this.#await(instead ?? previewOf(row)).then((isThere) => isThere && settled()); // until then, the placeholder stays
  }

  /** Pixels across of the best layer. */
  get resolution() {
    return this.#best;
  }

  /** The row has another picture in the same shape: what is there stays below until that has come. */
  renew(row) {
    this.#generation += 1;
    this.#best = 0;
    return this.#await(previewOf(row));
  }

  /** Lay the largest picture there is over the preview; true when that worked. */
  enlarge(address) {
    return this.#add(address, 'large');
  }

  /** Of a photo that was edited just now, the picture may still be in the making. */
  async #await(address) {
    const generation = this.#generation;
    for (const wait of PATIENCE_MS) {
      if (await this.#add(address, 'preview')) return true;
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (generation !== this.#generation) return false;
    }
    return false;
  }

  async #add(address, kind) {
    const generation = this.#generation;
    const image = new Image();
    image.className = 'slide-layer';
    image.alt = '';
    image.draggable = false;
    image.src = address;
    try {
      await image.decode();
    } catch {
      return false; // What is there stays, and the note beside it says what is missing.
    }
    if (generation !== this.#generation) return false;
    image.dataset.layer = `${generation} ${kind}`;
    const above = kind === 'preview' && this.element.querySelector(`[data-layer="${generation} large"]`);
    this.element.insertBefore(image, above || this.element.querySelector('video'));
    Promise.allSettled(image.getAnimations().map(({ finished }) => finished)).then(() => this.#forget(generation));
    this.#best = Math.max(this.#best, image.naturalWidth);
    return true;
  }

  /** What lies below a picture that has come wholly in. */
  #forget(generation) {
    for (const image of this.element.querySelectorAll('img')) if (Number.parseInt(image.dataset.layer, 10) < generation) image.remove();
  }

  /** The moving part of a Live Photo, once, over the picture. Gives false when it can't be played here. */
  async play(id) {
    const former = this.element.querySelector('video');
    if (former) return this.stop();
    const film = document.createElement('video');
    film.className = 'slide-layer';
    film.playsInline = true;
    film.muted = true;
    film.src = motionOf(id);
    film.addEventListener('ended', () => this.stop());
    this.element.append(film);
    try {
      await film.play();
      return true;
    } catch {
      this.stop();
      return false;
    }
  }

  stop() {
    this.element.querySelector('video')?.remove();
    return true;
  }
}

/** A film with the controls of the browser. `failed()`: it can't be played. */
export class Film {
  element = document.createElement('div');
  #video = document.createElement('video');
  resolution = Infinity;

  constructor(row, settled, failed) {
    this.element.className = 'pswp__img slide slide-film';
    this.#video.className = 'slide-layer';
    this.#video.controls = true;
    this.#video.playsInline = true;
    this.#video.preload = 'metadata';
    this.#video.setAttribute('aria-label', nameOf(row));
    if (row.picture) this.#video.poster = previewOf(row);
    this.#video.addEventListener('error', failed);
    if (row.original === 'here') this.#video.src = originalOf(row.id);
    else this.#video.controls = false;
    this.element.append(this.#video);
    settled();
  }

  get isPlaying() {
    return !this.#video.paused;
  }

  toggle() {
    if (this.#video.paused) this.#video.play().catch(() => {}); // the error event has told why
    else this.#video.pause();
  }

  stop() {
    this.#video.pause();
  }

  /** Whether a pointer there means the controls of the film, not the slide. */
  static isControl(target, y) {
    if (!(target instanceof HTMLVideoElement) || !target.controls) return false;
    return y > target.getBoundingClientRect().bottom - BAR_OF_CONTROLS;
  }
}
