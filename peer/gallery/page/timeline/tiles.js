// Photos, days and months as elements. They are updated only where what they show differs.

import { icon } from '../icons.js';
import { colorOfHash, pictureOfHash } from './hashes.js';
import { dayInFull, dayTitle, durationText, nameOf, spokenName } from './words.js';

/** A picture that is there as soon as this doesn't fade in: that would only cost frames. */
const AT_ONCE_MS = 120;
let counter = 0;

function make(tag, className, attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Put an element somewhere in the one around it. */
export function place(element, left, top, width, height) {
  element.style.transform = `translate(${left}px, ${top}px)`;
  element.style.width = `${width}px`;
  element.style.height = `${height}px`;
}

/** One photo: role `option`. */
export class Tile {
  #row = null;
  #image = null;
  #isThere = false;
  #hasHash = false;
  #badges = null;
  #placed = '';
  #isSmall = false;
  #number = -1;
  #count = -1;
  #isSelected = false;
  #isActive = false;
  #hasTick = false;

  constructor() {
    this.element = make('div', 'tile', { role: 'option', id: `tile-${(counter += 1)}`, 'aria-selected': 'false' });
    this.turn = 0;
  }

  get id() {
    return this.#row.id;
  }

  show(row, number, count) {
    if (row !== this.#row) this.#draw(row);
    if (number !== this.#number) this.element.setAttribute('aria-posinset', number + 1);
    if (count !== this.#count) this.element.setAttribute('aria-setsize', count);
    this.#number = number;
    this.#count = count;
  }

  place(left, top, width, height) {
    const placed = `${left} ${top} ${width} ${height}`;
    if (placed === this.#placed) return;
    this.#placed = placed;
    place(this.element, left, top, width, height);
    const isSmall = width < 96 || height < 64;
    if (isSmall !== this.#isSmall) this.element.classList.toggle('is-small', isSmall);
    this.#isSmall = isSmall;
  }

  mark(isSelected, isActive, hasTick) {
    if (hasTick) this.offerTick();
    if (isSelected !== this.#isSelected) this.element.setAttribute('aria-selected', isSelected);
    if (isActive !== this.#isActive) this.element.classList.toggle('is-active', isActive);
    this.#isSelected = isSelected;
    this.#isActive = isActive;
  }

  /** The place to click that selects; made when somebody comes near, so that scrolling has less to do. */
  offerTick() {
    if (this.#hasTick) return;
    this.#hasTick = true;
    const tick = make('span', 'tick');
    tick.append(icon('check'));
    this.element.append(tick);
  }

  get lacksHash() {
    return !this.#hasHash && !this.#isThere;
  }

  /** Show the blurred picture; not done where the thumbnail is there first. */
  showHash() {
    if (!this.lacksHash) return;
    this.#hasHash = true;
    this.element.style.backgroundImage = pictureOfHash(this.#row.thumbhash);
  }

  get lacksPicture() {
    return !this.#image && Boolean(this.#row.picture);
  }

  /** Ask for the thumbnail; not done while it would be scrolled past. */
  loadPicture() {
    if (!this.lacksPicture) return;
    const { id, picture, width, height } = this.#row;
    const image = make('img', 'thumbnail', { decoding: 'async', draggable: 'false' });
    image.alt = nameOf(this.#row);
    image.width = width || 1;
    image.height = height || 1;
    const asked = performance.now();
    const appear = () => {
      this.#isThere = true;
      image.classList.add('is-there');
      if (this.#isSmall || performance.now() - asked < AT_ONCE_MS) image.classList.add('is-at-once');
    };
    image.addEventListener('load', appear, { once: true });
    image.addEventListener('error', () => image.remove(), { once: true });
    image.src = `/media/${id}/thumbnail?v=${encodeURIComponent(picture)}`;
    this.#image = image;
    this.element.prepend(image);
    if (image.complete) appear();
  }

  remove() {
    if (this.#image && !this.#image.complete) this.#image.removeAttribute('src');
    this.element.remove();
  }

  #draw(row) {
    const before = this.#row;
    this.#row = row;
    this.element.dataset.id = row.id;
    this.element.setAttribute('aria-label', spokenName(row));
    if (!before || before.thumbhash !== row.thumbhash) this.#drawColor(row.thumbhash);
    if (before && before.picture !== row.picture) this.#replacePicture();
    if (this.#image) this.#image.alt = nameOf(row);
    this.#badges?.remove();
    this.#badges = badgesOf(row);
    if (this.#badges) this.element.append(this.#badges);
  }

  #drawColor(hash) {
    this.element.style.backgroundColor = colorOfHash(hash);
    this.element.style.backgroundImage = '';
    this.#hasHash = false;
  }

  #replacePicture() {
    const old = this.#image;
    this.#image = null;
    this.loadPicture();
    if (!this.#image) old?.remove();
    else this.#image.addEventListener('load', () => old?.remove(), { once: true });
  }
}

/** What is marked on a photo, in its corners: above right what it is, below left what is known of it. Null when there is nothing. */
function badgesOf(row) {
  const kinds = [];
  if (row.kind === 'video') kinds.push(badge('play', row.duration ? durationText(row.duration) : 'Video'));
  if (row.live) kinds.push(badge('live', ''));
  if (row.raw) kinds.push(badge('', 'RAW'));
  const states = [];
  if (row.favorite) states.push(badge('heart', ''));
  if (row.rating > 0) states.push(badge('star-filled', String(row.rating)));
  if (row.conflicts > 0) states.push(badge('conflict', '', 'is-conflict'));
  if (row.original === 'elsewhere') states.push(badge('cloud', ''));
  if (row.original === 'nowhere') states.push(badge('warning', '', 'is-lost'));
  if (!kinds.length && !states.length) return null;
  const all = make('span', 'badges', { 'aria-hidden': 'true' });
  const [above, below] = [make('span', 'badges-kind'), make('span', 'badges-state')];
  above.append(...kinds);
  below.append(...states);
  if (kinds.length) all.append(above);
  if (states.length) all.append(below);
  return all;
}

function badge(name, text, className = '') {
  const element = make('span', `badge ${className}`);
  if (name) element.append(icon(name));
  if (text) element.append(text);
  return element;
}

/** The photos of a day in a piece: role `group`, with a heading where the day begins. */
export class Group {
  #title = null;
  #placed = '';

  constructor({ day, hasTitle }) {
    this.element = make('div', 'day', { role: 'group', 'aria-label': day ? dayInFull(day) : 'Photos' });
    this.element.dataset.day = day;
    if (hasTitle) {
      this.#title = make('div', 'day-title', { 'aria-hidden': 'true' });
      this.#title.append(make('span', 'day-name'), make('span', 'day-tick'));
      this.#title.lastChild.append(icon('check'));
      this.element.append(this.#title);
    }
    this.turn = 0;
  }

  place({ day, left, top, width, height }, baseTop, today) {
    const placed = `${left} ${top + baseTop} ${width} ${height}`;
    if (placed === this.#placed) return;
    this.#placed = placed;
    place(this.element, left, top + baseTop, width, height);
    if (this.#title) this.#title.firstChild.textContent = dayTitle(day, width, today);
  }

  /** The first of its photos, or null. */
  get firstTile() {
    return this.#title ? this.#title.nextSibling : this.element.firstChild;
  }
}

/** The heading of a month. */
export function makeSectionTitle(text, countInWords) {
  const element = make('div', 'section-title');
  const title = make('h2', '');
  title.textContent = text;
  const count = make('span', 'section-count');
  count.textContent = countInWords;
  element.append(title, count);
  return element;
}

/** The place of photos that aren't there yet. */
export function makeSkeleton() {
  return make('div', 'skeleton', { 'aria-hidden': 'true' });
}
