// The timeline on the screen: scrolls through any number of photos with some hundred elements.
//
// What is where is known by `Sections`, where we are by `ScrollSpace`, and `Pieces` fetches. Here they meet: after each change that may move
// photos, the one at the top of the view is found again and the position set so that it didn't move.

import { get } from '../lib/api.js';
import { Pieces } from './pieces.js';
import { BLOCK, Sections } from './sections.js';
import { Selection } from './selection.js';
import { ScrollSpace } from './space.js';
import { Stage } from './stage.js';
import { heightAt, keepLevel, keptLevel, LEVELS } from './zoom.js';

const GAP = 4;
const NARROW_GAP = 2;
const NARROW = 620;
const OVERSCAN = 0.6;
const AHEAD = 1.6;
const REST_MS = 140;
const FAST_VIEWS = 1.2;
const ROUNDS = 6;
const MONTHS_ONLY_BELOW = 1;
/** What is seen around a photo that keys went to: the headings above it, the beginning of the next row below. */
const ABOVE = 100;
const BELOW = 64;

export class Grid {
  #sections = new Sections();
  #space = new ScrollSpace();
  #pieces;
  #stage;
  #view;
  #hooks;
  #revision = null;
  #frame = 0;
  #rest = 0;
  #isTouched = false;
  #isMoving = false;
  #isFast = false;
  #lastPosition = 0;
  #tail = 0;
  #refreshing = null;
  #isStale = false;
  #ending = new AbortController();
  #observer;

  /** `view`: VIEW parameters; `hooks`: { moved(), loaded(count) } are told when the position or what there is changed. */
  constructor(element, { view, lead = null, hooks = {} }) {
    this.#view = view;
    this.#hooks = hooks;
    this.level = keptLevel();
    this.active = null;
    this.selection = new Selection();
    this.#pieces = new Pieces(this.#sections, () => this.#view, () => this.#schedule());
    this.#stage = new Stage(element, lead);
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(this.#stage.scroller);
    this.#observer.observe(this.#stage.lead);
    this.selection.onChange(() => this.#mark());
    this.#listen();
    this.#resize();
  }

  get element() {
    return this.#stage.root;
  }

  get scroller() {
    return this.#stage.scroller;
  }

  get photos() {
    return this.#stage.photos;
  }

  get count() {
    return this.#sections.count;
  }

  get sections() {
    return this.#sections;
  }

  get position() {
    return this.#space.position;
  }

  get end() {
    return this.#space.end;
  }

  get viewHeight() {
    return this.#space.view;
  }

  /** Fetch the months, for the first time or with another view: from the top. */
  async load(view = this.#view) {
    this.#view = view;
    const answer = await get('/timeline', view, { signal: this.#ending.signal });
    if (view !== this.#view) return;
    this.#revision = answer.revision;
    this.#sections.replace(answer.months);
    this.active = null;
    this.#told();
    this.jump(0);
    this.#pieces.want([]);
    this.#update();
  }

  /** Something changed: fetch what did, and keep the place. One at a time; what comes meanwhile is one more. */
  refresh() {
    this.#isStale = true;
    this.#refreshing ??= this.#refreshAll().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Go to a position of our space, at once. */
  jump(position) {
    this.#space.position = position;
    this.#settle();
    this.#schedule();
  }

  /** Show the photo with this number, somewhere in the view when it isn't there already. */
  async reveal(number, { isCentered = false } = {}) {
    const place = this.#sections.placeAt(number);
    if (!place) return null;
    const rows = await this.#pieces.load(place.block);
    const row = rows[place.index];
    if (!row || this.#ending.signal.aborted) return null;
    if (!place.block.layout) this.#layOut([place.block]);
    const box = this.#sections.boxOf(place);
    const { position, view } = this.#space;
    if (isCentered && (box.y > position + view - BELOW || box.y + box.height < position + ABOVE)) this.jump(box.y + box.height / 2 - view / 2);
    else if (box.y - ABOVE < position) this.jump(box.y - ABOVE);
    else if (box.y + box.height + BELOW > position + view) this.jump(box.y + box.height + BELOW - view);
    return row;
  }

  /** The number of a photo that is loaded, or -1. */
  numberOf(id) {
    const place = this.#sections.places.get(id);
    return place ? place.block.start + place.index : -1;
  }

  rowOf(id) {
    const place = this.#sections.places.get(id);
    return place ? place.block.rows[place.index] : null;
  }

  /** The photo with this number, fetched when it has to be; null beyond the ends. */
  async rowAt(number) {
    const place = this.#sections.placeAt(number);
    return place ? ((await this.#pieces.load(place.block))[place.index] ?? null) : null;
  }

  /** The photos from one number to another, both with it, at most `most`. */
  async rowsBetween(one, other, most = 100_000) {
    const [first, last] = one < other ? [one, other] : [other, one];
    const rows = [];
    for (let number = Math.max(first, 0); number <= last && rows.length < most; ) {
      const place = this.#sections.placeAt(number);
      if (!place) break;
      const loaded = await this.#pieces.load(place.block);
      rows.push(...loaded.slice(place.index, place.index + last - number + 1));
      number = place.block.start + place.block.count;
    }
    return rows.slice(0, most);
  }

  /** Make a photo the one that keys act on; null: none. */
  activate(id) {
    this.active = id;
    this.#mark();
  }

  /** The number of the first photo that is in view, or -1. */
  firstVisible() {
    const { position, view } = this.#space;
    const place = this.#sections.firstPhotoBetween(position + 8, position + view);
    return place ? place.block.start + place.index : -1;
  }

  isVisible(id) {
    const place = this.#sections.places.get(id);
    const box = place && this.#sections.boxOf(place);
    return Boolean(box) && box.y + box.height > this.#space.position && box.y < this.#space.position + this.#space.view;
  }

  /** Photos larger (1) or smaller (-1); what is at `clientY`, or at the top, stays where it is. */
  zoom(step, clientY = null) {
    const level = Math.min(Math.max(this.level + step, 0), LEVELS - 1);
    if (level === this.level) return;
    this.level = level;
    keepLevel(level);
    this.#remeasure(this.#anchorAt(clientY === null ? 0 : clientY - this.#stage.scroller.getBoundingClientRect().top));
    this.#hooks.zoomed?.();
  }

  destroy() {
    this.#ending.abort();
    this.#pieces.stop();
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#rest);
    this.#stage.root.remove();
  }

  #listen() {
    const { signal } = this.#ending;
    const { scroller } = this.#stage;
    scroller.addEventListener('scroll', () => this.#schedule(), { passive: true, signal });
    const touched = (isTouched) => () => {
      this.#isTouched = isTouched;
      this.#restSoon();
    };
    scroller.addEventListener('touchstart', touched(true), { passive: true, signal });
    for (const name of ['touchend', 'touchcancel']) scroller.addEventListener(name, touched(false), { passive: true, signal });
  }

  #schedule() {
    if (this.#frame || this.#ending.signal.aborted) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#update();
    });
  }

  #resize() {
    const { width, view, isNarrow } = this.#stage.measure(NARROW);
    if (!width) return;
    const isSame = width === this.#sections.geometry?.width;
    this.#space.view = view;
    this.#tail = this.#stage.tail;
    this.#sections.lead = this.#stage.leadHeight;
    this.isNarrow = isNarrow;
    if (isSame) {
      this.#sections.measure();
      this.#schedule();
    } else this.#remeasure(this.#anchorAt(0));
  }

  #remeasure(anchor) {
    const { width } = this.#stage.measure(NARROW);
    this.#sections.setGeometry({
      width,
      target: heightAt(this.level, width),
      gap: this.isNarrow || this.level < MONTHS_ONLY_BELOW ? NARROW_GAP : GAP,
      hasTitle: true,
      hasDays: this.level >= MONTHS_ONLY_BELOW && !this.#view.album,
    });
    if (anchor?.id) {
      const place = this.#sections.places.get(anchor.id);
      if (place) this.#layOut([place.block]);
    }
    this.#restore(anchor);
    this.#settle();
    this.#update();
  }

  /** One frame: follow the browser, lay out what came near, fetch what is missing, show it. */
  #update() {
    if (!this.#sections.geometry || this.#ending.signal.aborted) return;
    const space = this.#space;
    space.scrolled(this.#stage.scroller.scrollTop);
    this.#arrange();
    if (space.isAtEdge) this.#settle();
    const moved = Math.abs(space.position - this.#lastPosition);
    this.#isMoving = moved > 0;
    this.#isFast = moved > space.view * FAST_VIEWS;
    this.#lastPosition = space.position;
    this.#show();
    this.#pieces.want(this.#wanted());
    this.#hooks.moved?.();
    this.#restSoon();
  }

  /** Lay out the blocks in and around the view until there is nothing to do; the photo at the top doesn't move. */
  #arrange() {
    for (let round = 0; round < ROUNDS; round += 1) {
      const near = this.#near(OVERSCAN).filter((block) => block.rows && !block.layout);
      if (!near.length) break;
      const anchor = this.#anchorAt(0);
      this.#layOut(near);
      this.#restore(anchor);
    }
    this.#space.total = this.#sections.total + this.#tail;
  }

  #layOut(blocks) {
    for (const block of blocks) if (block.rows) this.#sections.layOut(block);
    this.#sections.measure();
    this.#space.total = this.#sections.total + this.#tail;
  }

  #near(views) {
    const { position, view } = this.#space;
    return this.#sections.blocksBetween(position - view * views, position + view * (1 + views));
  }

  /** The blocks whose photos are needed: those in view first. */
  #wanted() {
    if (!this.#sections.count) return [];
    const { position, view } = this.#space;
    const middle = position + view / 2;
    const distance = (block) => Math.max(block.top - middle, middle - block.top - block.height, 0);
    return this.#near(this.#isFast ? 0 : AHEAD).sort((one, other) => distance(one) - distance(other));
  }

  #show() {
    const { position, view, offset } = this.#space;
    const top = position - view * OVERSCAN;
    const bottom = position + view * (1 + OVERSCAN);
    this.#stage.show(this.#sections, { top, bottom, offset });
    const pictures = { top: position, bottom: position + view, isMoving: this.#isMoving, isFast: this.#isFast };
    if (this.#stage.loadPictures(this.#sections, pictures)) this.#schedule();
    this.#mark();
  }

  #mark() {
    this.#stage.mark(this.selection, this.active);
  }

  /** What is at `y` of the view: a photo, or a part of a block that isn't laid out; null at the very top, where new photos push the others down. */
  #anchorAt(y) {
    const { position, view } = this.#space;
    if (position <= 0 && y <= 0) return null;
    const place = this.#sections.firstPhotoBetween(position + y, position + view);
    if (place) {
      const box = this.#sections.boxOf(place);
      return { id: place.block.rows[place.index].id, distance: box.y - position };
    }
    const block = this.#sections.blocks[this.#sections.blockNumberAt(position + y)];
    return block ? { block, share: (position + y - block.top) / Math.max(block.height, 1), y } : null;
  }

  #restore(anchor) {
    if (!anchor) return;
    if (anchor.id) {
      const place = this.#sections.places.get(anchor.id);
      const box = place && this.#sections.boxOf(place);
      if (box) this.#space.position = box.y - anchor.distance;
    } else this.#space.position = anchor.block.top + anchor.share * anchor.block.height - anchor.y;
  }

  #restSoon() {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#atRest(), REST_MS);
  }

  #atRest() {
    if (this.#isTouched || this.#ending.signal.aborted) return;
    if (!this.#space.isSettled || this.#stage.height !== this.#space.height) this.#settle();
  }

  #settle() {
    this.#space.total = this.#sections.total + this.#tail;
    this.#stage.scrollTo(this.#space.settle(), this.#space.height);
    this.#space.scrolled(this.#stage.scroller.scrollTop);
    this.#stage.move(this.#space.offset);
  }

  #told() {
    this.#hooks.loaded?.(this.#sections.count);
  }

  async #refreshAll() {
    while (this.#isStale && !this.#ending.signal.aborted) {
      this.#isStale = false;
      try {
        await this.#refreshOnce();
      } catch (error) {
        if (this.#ending.signal.aborted) return;
        if (error.code === undefined) throw error;
        return; // The peer went away: there is another change when it is back.
      }
    }
  }

  /** The photos that will be in view are fetched before anything is shown, so that the change is one frame. */
  async #refreshOnce() {
    const view = this.#view;
    const isWhole = Object.keys(view).length === 0;
    const since = isWhole && this.#revision !== null ? { since: this.#revision } : {};
    const answer = await get('/timeline', { ...view, ...since }, { signal: this.#ending.signal });
    const wanted = this.#piecesInView(answer.months);
    const fetched = await this.#pieces.fetchAll(wanted);
    if (view !== this.#view || this.#ending.signal.aborted) return;
    this.#revision = answer.revision;
    const anchors = this.#anchorsInView();
    if (isWhole) this.#sections.merge(answer.months);
    else this.#sections.replace(answer.months);
    wanted.forEach(({ section, from }, index) => this.#fill(section.month, from, fetched[index]));
    this.#layOut(this.#sections.blocks.filter((block) => block.rows && !block.layout));
    const kept = anchors.find(({ id }) => this.#sections.places.get(id)?.block.layout);
    if (kept) this.#restore(kept);
    this.selection.refresh(fetched.flatMap(({ rows }) => rows));
    this.#told();
    this.#settle();
    this.#update();
  }

  #fill(month, from, { rows, dayBefore, dayAfter }) {
    const block = this.#sections.list.find((section) => section.month === month)?.blocks[from / BLOCK];
    if (block) this.#sections.fill(block, rows, dayBefore, dayAfter);
  }

  /** Of the months that changed, the pieces in which the photos that are in view now will be. */
  #piecesInView(months) {
    const changed = new Map(months.map((section) => [section.month, section]));
    const wanted = new Map();
    const want = (section, from) => {
      if (from >= 0 && from < section.count) wanted.set(`${section.month} ${from}`, { section, from, count: Math.min(BLOCK, section.count - from) });
    };
    for (const { section: old, from } of this.#near(OVERSCAN)) {
      const section = changed.get(old.month);
      if (!section) continue;
      const shift = section.count - old.count;
      want(section, from);
      want(section, Math.floor((from + shift) / BLOCK) * BLOCK);
      want(section, Math.ceil((from + shift) / BLOCK) * BLOCK);
    }
    if (!this.#sections.count || this.#space.position < this.#space.view) for (const section of months.slice(0, 2)) want(section, 0);
    return [...wanted.values()];
  }

  #anchorsInView() {
    const { position, view } = this.#space;
    if (position <= 0) return [];
    const anchors = [];
    for (const block of this.#sections.blocksBetween(position, position + view)) {
      for (let index = 0; block.layout && index < block.rows.length; index += 1) {
        const { y, height } = this.#sections.boxOf({ block, index });
        if (y + height > position && y < position + view) anchors.push({ id: block.rows[index].id, distance: y - position });
      }
    }
    return anchors;
  }
}
