// Years and months along the right edge: shows where the view is, and goes anywhere. A slider for keys and screen readers.

import { monthTitle, yearOf } from './words.js';

const LABEL_ROOM = 26;
const DOT_ROOM = 9;
const SHOWN_MS = 1_600;

export class Scrubber {
  #grid;
  #ending = new AbortController();
  #isDragged = false;
  #hiding = 0;
  #drawn = '';

  constructor(grid) {
    this.#grid = grid;
    this.element = make('div', 'scrubber');
    this.track = make('div', 'scrubber-track');
    this.thumb = make('div', 'scrubber-thumb');
    this.bubble = make('div', 'scrubber-bubble');
    for (const part of [this.track, this.bubble]) part.setAttribute('aria-hidden', 'true');
    const attributes = { role: 'slider', tabindex: '0', 'aria-orientation': 'vertical', 'aria-label': 'Time', 'aria-valuemin': '0' };
    for (const [name, value] of Object.entries(attributes)) this.thumb.setAttribute(name, value);
    this.element.append(this.track, this.thumb, this.bubble);
    grid.element.append(this.element);
    this.#listen();
  }

  /** The position moved, or what there is changed. */
  update() {
    const { sections, end } = this.#grid;
    this.element.hidden = end <= 0 || sections.list.length === 0;
    if (this.element.hidden) return;
    this.#drawTrack();
    const height = this.element.clientHeight;
    const y = Math.round((Math.min(Math.max(this.#grid.position / end, 0), 1) || 0) * height);
    this.thumb.style.transform = `translateY(${y}px)`;
    const number = this.#sectionNow();
    const title = sections.list.length > 1 || sections.list[number].month ? monthTitle(sections.list[number].month) : '';
    this.thumb.setAttribute('aria-valuemax', sections.list.length - 1);
    this.thumb.setAttribute('aria-valuenow', number);
    this.thumb.setAttribute('aria-valuetext', title || `${Math.round((this.#grid.position / end) * 100)} %`);
    if (!this.#isPointed()) this.#showBubble(title, y);
  }

  /** Seen for a while: where there is no room for it, it shows itself only while the view moves. */
  wake() {
    this.element.classList.add('is-awake');
    clearTimeout(this.#hiding);
    this.#hiding = setTimeout(() => this.element.classList.remove('is-awake'), SHOWN_MS);
  }

  destroy() {
    this.#ending.abort();
    clearTimeout(this.#hiding);
    this.element.remove();
  }

  #isPointed() {
    return this.#isDragged || this.element.matches(':hover');
  }

  #sectionNow() {
    const { sections, position } = this.#grid;
    const block = sections.blocks[sections.blockNumberAt(position + 1)];
    return Math.max(sections.list.indexOf(block.section), 0);
  }

  /** Where a section begins, as a share of all positions. */
  #shareOf(section) {
    return Math.min(Math.max(section.blocks[0].top / this.#grid.end, 0), 1);
  }

  #drawTrack() {
    const { sections, end } = this.#grid;
    const height = this.element.clientHeight;
    const drawn = `${sections.list.length} ${Math.round(end / 500)} ${height}`;
    if (drawn === this.#drawn || this.#isDragged) return;
    this.#drawn = drawn;
    const marks = [];
    let year = '';
    let [lastLabel, lastDot] = [-LABEL_ROOM, -DOT_ROOM];
    for (const section of sections.list) {
      if (!section.month) continue;
      const y = this.#shareOf(section) * height;
      const isNewYear = yearOf(section.month) !== year;
      if (isNewYear && y - lastLabel >= LABEL_ROOM && y < height - 8) {
        year = yearOf(section.month);
        marks.push(this.#mark('scrubber-year', year, y));
        [lastLabel, lastDot] = [y, y + 6];
      } else if (y - lastDot >= DOT_ROOM && y - lastLabel >= LABEL_ROOM / 2) {
        marks.push(this.#mark('scrubber-month', '', y));
        lastDot = y;
      }
    }
    this.track.replaceChildren(...marks);
  }

  #mark(className, text, y) {
    const mark = make('div', className);
    mark.textContent = text;
    mark.style.transform = `translateY(${Math.round(y)}px)`;
    return mark;
  }

  #showBubble(text, y) {
    this.bubble.textContent = text;
    this.bubble.hidden = !text;
    this.bubble.style.transform = `translateY(${y}px)`;
  }

  #listen() {
    const { signal } = this.#ending;
    const on = (name, listener) => this.element.addEventListener(name, listener, { signal });
    on('pointerdown', (event) => this.#grab(event));
    on('pointermove', (event) => this.#follow(event));
    for (const name of ['pointerup', 'pointercancel']) on(name, () => this.#release());
    on('pointerleave', () => this.update());
    this.thumb.addEventListener('keydown', (event) => this.#key(event), { signal });
  }

  #grab(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.#isDragged = true;
    this.element.classList.add('is-dragged');
    this.#follow(event);
  }

  #release() {
    this.#isDragged = false;
    this.element.classList.remove('is-dragged');
    this.update();
  }

  #follow(event) {
    const box = this.element.getBoundingClientRect();
    const y = Math.min(Math.max(event.clientY - box.top, 0), box.height);
    const position = (y / box.height) * this.#grid.end;
    const { sections } = this.#grid;
    const block = sections.blocks[sections.blockNumberAt(position + 1)];
    this.#showBubble(block && (block.section.month || sections.list.length > 1) ? monthTitle(block.section.month) : '', Math.round(y));
    if (!this.#isDragged) return;
    this.wake();
    this.#grid.jump(position);
  }

  #key(event) {
    const { sections } = this.#grid;
    const now = this.#sectionNow();
    const goals = {
      ArrowUp: now - 1,
      ArrowLeft: now - 1,
      ArrowDown: now + 1,
      ArrowRight: now + 1,
      PageUp: this.#otherYear(now, -1),
      PageDown: this.#otherYear(now, 1),
      Home: 0,
      End: sections.list.length - 1,
    };
    if (!(event.key in goals)) return;
    event.preventDefault();
    event.stopPropagation();
    const section = sections.list[Math.min(Math.max(goals[event.key], 0), sections.list.length - 1)];
    this.#grid.jump(section === sections.list[0] ? 0 : section.blocks[0].top);
    this.wake();
  }

  #otherYear(now, step) {
    const { list } = this.#grid.sections;
    const year = yearOf(list[now].month);
    let number = now;
    while (number >= 0 && number < list.length && yearOf(list[number].month) === year) number += step;
    return number;
  }
}

function make(tag, className) {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}
