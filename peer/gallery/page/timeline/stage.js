// The elements of the timeline: those near the view exist, in the order of the photos, and no others.
//
// Photos and headings lie in two layers that begin at the first block that is near, so that numbers stay small and the list, when it gets the focus,
// is in view already.

import { Group, makeSectionTitle, makeSkeleton, place, Tile } from './tiles.js';
import { firstBelow } from './layout.js';
import { countText, monthTitle } from './words.js';

/** More in one frame, and it would be late. */
const PICTURES_WHILE_MOVING = 5;

export class Stage {
  #base = 0;
  #bottom = 0;
  #turn = 0;
  #tiles = new Map();
  #groups = new Map();
  #marks = new Map();
  #offset = 0;

  constructor(element, lead) {
    this.root = div('grid');
    this.scroller = div('grid-scroller');
    this.space = div('grid-space');
    this.lead = div('grid-lead');
    this.titles = div('grid-titles');
    this.photos = div('grid-photos');
    for (const [name, value] of Object.entries({ role: 'listbox', tabindex: '0', 'aria-multiselectable': 'true', 'aria-label': 'Photos' })) {
      this.photos.setAttribute(name, value);
    }
    if (lead) this.lead.append(lead);
    this.end = div('grid-end');
    this.space.append(this.lead, this.titles, this.photos, this.end);
    this.scroller.append(this.space);
    this.root.append(this.scroller);
    element.append(this.root);
    this.height = 0;
    this.photos.addEventListener('pointerover', ({ target }) => this.#tiles.get(target.closest('.tile')?.dataset.id)?.offerTick());
  }

  get leadHeight() {
    return this.lead.offsetHeight;
  }

  /** Empty pixels after the last photo. */
  get tail() {
    return this.end.offsetHeight;
  }

  /** { width of rows, height of the view }, in whole pixels. */
  measure(narrow) {
    return { width: this.photos.clientWidth, view: this.scroller.clientHeight, isNarrow: this.scroller.clientWidth < narrow };
  }

  scrollTo(top, height) {
    if (height !== this.height) this.space.style.height = `${height}px`;
    this.height = height;
    if (Math.abs(this.scroller.scrollTop - top) >= 0.5) this.scroller.scrollTop = top;
  }

  /** Nothing is drawn anew: what is there moves. */
  move(offset) {
    this.#offset = offset;
    for (const layer of [this.titles, this.photos]) layer.style.transform = `translateY(${this.#base + offset}px)`;
    this.lead.style.transform = `translateY(${offset}px)`;
    this.photos.style.height = `${Math.max(this.#bottom - this.#base, 1)}px`;
  }

  /** Show what is between `top` and `bottom` of our space. */
  show(sections, { top, bottom, offset }) {
    this.#turn += 1;
    const blocks = sections.blocksBetween(top, bottom);
    this.#base = blocks[0]?.top ?? 0;
    const last = blocks.at(-1);
    this.#bottom = last ? last.top + last.height : 0;
    const today = localDay();
    const days = [];
    for (const block of blocks) {
      this.#showTitles(block, sections);
      if (block.layout) days.push(...this.#daysOf(block, { top, bottom, today }, sections.count));
    }
    this.#sweep();
    putInOrder(days, this.photos);
    this.move(offset);
  }

  /** Give tiles their pictures, those between `top` and `bottom` first: while the view moves only a few in a frame. Whether some are left. */
  loadPictures(sections, { top, bottom, isMoving, isFast }) {
    const most = isMoving ? PICTURES_WHILE_MOVING : Infinity;
    const [inView, around] = [[], []];
    for (const tile of this.#tiles.values()) {
      if (!tile.lacksHash && !tile.lacksPicture) continue;
      const box = sections.boxOf(sections.places.get(tile.id));
      (box !== null && box.y + box.height > top && box.y < bottom ? inView : around).push(tile);
    }
    for (const tile of inView.filter((each) => each.lacksHash).slice(0, most)) tile.showHash();
    if (isFast) return true;
    const lacking = [...inView, ...around].filter((tile) => tile.lacksPicture);
    for (const tile of lacking.slice(0, most)) tile.loadPicture();
    return lacking.length > most;
  }

  /** The elements of photos that are selected or have the focus. */
  mark(selection, active) {
    const isSelecting = selection.size > 0;
    for (const [id, tile] of this.#tiles) tile.mark(selection.has(id), id === active, isSelecting);
    const tile = this.#tiles.get(active);
    if (tile) this.photos.setAttribute('aria-activedescendant', tile.element.id);
    else this.photos.removeAttribute('aria-activedescendant');
    this.root.classList.toggle('is-selecting', isSelecting);
  }

  #showTitles(block, sections) {
    const { month, count } = block.section;
    const isTitled = month !== '' || sections.list.length > 1;
    if (block.isFirst && isTitled && sections.geometry.hasTitle) {
      const title = this.#mark(`${month} ${count}`, () => makeSectionTitle(monthTitle(month), countText(count)));
      title.style.transform = `translateY(${block.top - this.#base}px)`;
    }
    if (!block.layout) {
      const skeleton = this.#mark(`skeleton ${month} ${block.from}`, makeSkeleton);
      const above = block.isFirst && isTitled ? 58 : 0;
      place(skeleton, 0, block.top - this.#base + above, sections.geometry.width, Math.max(block.height - above - 22, 0));
      skeleton.style.setProperty('--row', `${sections.geometry.target + sections.geometry.gap}px`);
    }
  }

  #mark(key, build) {
    let mark = this.#marks.get(key);
    if (!mark) {
      mark = { element: build() };
      this.#marks.set(key, mark);
      this.titles.append(mark.element);
    }
    mark.turn = this.#turn;
    return mark.element;
  }

  /** The days of a block that are in the window, each with its tiles there: [{ element, first, tiles }]. */
  #daysOf(block, window, count) {
    const { boxes, groups } = block.layout;
    const [top, bottom] = [window.top - block.top, window.bottom - block.top];
    const start = firstBelow(boxes, top);
    const days = [];
    for (const group of groups) {
      if (group.top + group.height < top) continue;
      if (group.top > bottom) break;
      const shown = this.#groupOf(block, group, window.today);
      const tiles = [];
      for (let index = Math.max(start, group.first); index < group.end && boxes[index * 4 + 1] < bottom; index += 1) {
        const tile = this.#tileOf(block, index, group, count);
        if (tile) tiles.push(tile.element);
      }
      days.push({ group: shown, tiles });
    }
    return days;
  }

  #groupOf(block, group, today) {
    const key = `${block.section.month} ${block.from} ${group.day} ${group.first} ${group.hasTitle}`;
    let shown = this.#groups.get(key);
    if (!shown) {
      shown = new Group(group);
      this.#groups.set(key, shown);
    }
    shown.turn = this.#turn;
    shown.place(group, block.top - this.#base, today);
    return shown;
  }

  /** Null for a photo that is shown already: it moved from one piece to another, and one of the two isn't fetched anew yet. */
  #tileOf(block, index, group, count) {
    const row = block.rows[index];
    let tile = this.#tiles.get(row.id);
    if (tile?.turn === this.#turn) return null;
    if (!tile) {
      tile = new Tile();
      this.#tiles.set(row.id, tile);
    }
    tile.turn = this.#turn;
    tile.show(row, block.start + index, count);
    const [x, y, width, height] = block.layout.boxes.subarray(index * 4, index * 4 + 4);
    tile.place(x - group.left, y - group.top, width, height);
    return tile;
  }

  #sweep() {
    for (const [key, shown] of this.#tiles) if (shown.turn !== this.#turn) this.#drop(this.#tiles, key, shown);
    for (const [key, shown] of this.#groups) if (shown.turn !== this.#turn) this.#drop(this.#groups, key, shown.element);
    for (const [key, shown] of this.#marks) if (shown.turn !== this.#turn) this.#drop(this.#marks, key, shown.element);
  }

  #drop(shown, key, element) {
    shown.delete(key);
    element.remove();
  }
}

/** The order of elements is that of the photos, for those who hear the page. Elements that are there already aren't moved. */
function putInOrder(days, parent) {
  let nextDay = parent.firstChild;
  for (const { group, tiles } of days) {
    nextDay = putBefore(parent, group.element, nextDay);
    let next = group.firstTile;
    for (const tile of tiles) next = putBefore(group.element, tile, next);
  }
}

/** Gives what comes after `element` then. */
function putBefore(parent, element, next) {
  if (element === next) return element.nextSibling;
  parent.insertBefore(element, next);
  return next;
}

function div(className) {
  const element = document.createElement('div');
  element.className = className;
  return element;
}

function localDay() {
  const now = new Date();
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`;
}
