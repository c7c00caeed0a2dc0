// The photos side by side, to be swiped, pinched and panned: PhotoSwipe shows a strip whose length nobody knows.
//
// PhotoSwipe counts its slides from 0 to a known number. Here slide ORIGIN is where the strip begins, so there is room on both sides, and its scroller is
// kept from going where nobody stands.

import { pictureOfHash } from '../timeline/hashes.js';
import PhotoSwipe from '../vendor/photoswipe.js';
import { Film, Picture, placeholderOf, sizeOf } from './slides.js';

const ORIGIN = 2 ** 20;
const AHEAD = 2;
const FRICTION = 0.35;
const MOST_ENLARGED = 4;
const TAPPED_ENLARGED = 2.5;
const ZOOM_STEP = 1.5;
const PAN_STEP = 80;
const NEARLY = 1.02;
const OPENING_MS = 260;
const ZOOMING_MS = 240;

export class Stage {
  #strip;
  #pswp;
  #origin = ORIGIN;
  #shownId = null;
  #instead = new Map();
  #tells;
  #size;

  /**
   * `tells`: { shown(row), tapped(), dismissed(), zoomed(isZoomed), blurred(), unplayable(row) }: what the person did; `blurred`: more pixels are wanted.
   * `padding()` → { top, bottom, left, right }: what is covered by bars; `rectangleOf(id)`: where the tile of a photo is, if anywhere.
   */
  constructor(host, strip, tells, { padding, rectangleOf = () => null }) {
    this.#strip = strip;
    this.#tells = tells;
    this.#pswp = new PhotoSwipe({
      appendToEl: host,
      getViewportSizeFn: () => ({ x: host.clientWidth, y: host.clientHeight }),
      paddingFn: padding,
      index: ORIGIN,
      loop: false,
      bgOpacity: 1,
      spacing: 0.06,
      preload: [1, AHEAD],
      trapFocus: false,
      returnFocus: false,
      pinchToClose: false,
      clickToCloseNonZoomable: false,
      imageClickAction: 'zoom',
      arrowPrev: false,
      arrowNext: false,
      close: false,
      zoom: false,
      counter: false,
      preloader: false,
      showAnimationDuration: OPENING_MS,
      hideAnimationDuration: OPENING_MS,
      zoomAnimationDuration: ZOOMING_MS,
      maxZoomLevel: ({ fit }) => Math.max(1, fit * MOST_ENLARGED),
      secondaryZoomLevel: ({ fit }) => Math.max(Math.min(1, fit * MOST_ENLARGED), fit * TAPPED_ENLARGED),
      bgClickAction: () => this.#tells.tapped(),
      tapAction: () => this.#tells.tapped(),
    });
    this.#fill(rectangleOf);
    this.#keepInside();
    this.#listen(host);
    this.#pswp.init();
    this.#pswp.element.setAttribute('role', 'group');
    this.#pswp.element.setAttribute('aria-label', 'Photos');
    this.#pswp.element.removeAttribute('tabindex');
  }

  get row() {
    return this.#strip.at(this.#place);
  }

  get #place() {
    return this.#pswp.currIndex - this.#origin;
  }

  get #slide() {
    return this.#pswp.currSlide?.content.shown ?? null;
  }

  get isZoomed() {
    const slide = this.#pswp.currSlide;
    return Boolean(slide) && slide.currZoomLevel > slide.zoomLevels.fit * NEARLY;
  }

  get film() {
    return this.#slide instanceof Film ? this.#slide : null;
  }

  get picture() {
    return this.#slide instanceof Picture ? this.#slide : null;
  }

  /** One further (1) or back (-1), once it is known who stands there; false at the end. */
  async step(direction) {
    const from = this.#place;
    await this.#learn(direction);
    if (this.#place !== from || !this.#strip.at(from + direction)) return false;
    this.#pswp.goTo(this.#pswp.currIndex + direction);
    return true;
  }

  async learnNeighbours() {
    await Promise.all([this.#learn(1), this.#learn(-1)]);
  }

  /** Another photo is shown, with neighbours of its own. */
  replace(strip) {
    this.#strip = strip;
    this.#origin = this.#pswp.currIndex;
    this.#shownId = null;
    for (const place of [-1, 0, 1]) this.#refresh(place);
    this.#tellShown();
  }

  /** The neighbours were learned anew; slides that differ are made anew. */
  relearn(strip) {
    const before = this.#strip;
    const center = this.#place;
    this.#strip = strip;
    this.#origin = this.#pswp.currIndex;
    for (const place of [-1, 1]) {
      const [was, is] = [before.at(center + place), strip.at(place)];
      if (was?.id !== is?.id || was?.picture !== is?.picture) this.#refresh(place);
    }
  }

  /** A row is told anew: its slide follows when it looks different now. */
  update(row) {
    const place = this.#strip.placeOf(row.id);
    if (place === undefined) return;
    const before = this.#strip.at(place);
    this.#strip.update(row);
    const shape = (each) => [each.width, each.height, each.kind, each.kind === 'video' && each.original].join();
    const hasNewPicture = before.picture !== row.picture;
    const isHeld = this.#instead.has(row.id) && this.#instead.get(row.id).picture === row.picture;
    if (!isHeld) this.#instead.delete(row.id);
    const content = this.#pswp.mainScroll.itemHolders.find(({ slide }) => slide?.index === this.#origin + place)?.slide.content;
    if (shape(before) === shape(row) && (!hasNewPicture || isHeld)) return;
    if (shape(before) === shape(row) && row.picture && content?.shown instanceof Picture) {
      content.data.row = row;
      content.shown.renew(row);
    } else this.#refresh(place);
  }

  /** Until the row has another picture, `address` ({ width, height }) is what is shown of it. */
  showInstead(row, address, size) {
    this.#instead.set(row.id, { address, picture: row.picture, size: sizeOf(size) });
    const place = this.#strip.placeOf(row.id);
    if (place !== undefined) this.#refresh(place);
  }

  toggleZoom() {
    this.#pswp.currSlide?.toggleZoom();
  }

  /** Larger (1) or smaller (-1). */
  zoom(direction) {
    const slide = this.#pswp.currSlide;
    slide?.zoomTo(slide.currZoomLevel * ZOOM_STEP ** direction, undefined, this.#pswp.options.zoomAnimationDuration);
  }

  pan(across, down) {
    const slide = this.#pswp.currSlide;
    slide?.panTo(slide.pan.x - across * PAN_STEP, slide.pan.y - down * PAN_STEP);
  }

  resize() {
    this.#pswp.updateSize(true);
  }

  /** Resolves when everything is gone from the page. */
  close() {
    const pswp = this.#pswp;
    this.#size.disconnect();
    return new Promise((resolve) => {
      pswp.on('destroy', resolve);
      if (pswp.isDestroying) return; // the person has swiped it away
      if (pswp.opener.isOpen) pswp.close();
      else pswp.on('openingAnimationEnd', () => pswp.close());
    });
  }

  #fill(rectangleOf) {
    const pswp = this.#pswp;
    const rowAt = (index) => this.#strip.at(index - this.#origin);
    pswp.addFilter('numItems', () => 2 * ORIGIN);
    pswp.addFilter('itemData', (_, index) => {
      const row = rowAt(index);
      return row ? { type: 'photo', row, ...(this.#instead.get(row.id)?.size ?? sizeOf(row)) } : {};
    });
    pswp.addFilter('useContentPlaceholder', (_, content) => Boolean(content.data.row));
    pswp.addFilter('placeholderSrc', (_, content) => placeholderOf(content.data.row));
    pswp.addFilter('isContentZoomable', (_, content) => Boolean(content.data.row) && content.data.row.kind !== 'video');
    pswp.addFilter('thumbBounds', (_, { row }) => boundsOf(row && rectangleOf(row.id)));
    pswp.on('lazyLoadSlide', (event) => {
      if (!rowAt(event.index)) event.preventDefault();
    });
    pswp.on('contentLoad', (event) => {
      const { content } = event;
      if (!content.data.row) return;
      event.preventDefault();
      content.state = 'loading';
      content.shown = this.#make(content.data.row, () => content.onLoaded());
      content.element = content.shown.element;
    });
    pswp.on('slideLoad', ({ slide }) => {
      const placeholder = slide.content.placeholder?.element;
      if (!placeholder || !slide.height) return;
      placeholder.style.aspectRatio = `${slide.width} / ${slide.height}`;
      placeholder.addEventListener('error', () => useHash(placeholder, slide.data.row), { once: true });
    });
    pswp.on('contentRemove', ({ content }) => content.shown?.stop());
    pswp.on('contentDeactivate', ({ content }) => content.shown?.stop());
  }

  #make(row, settled) {
    // Settled only after PhotoSwipe has taken the element.
    const later = () => queueMicrotask(settled);
    if (row.kind === 'video') return new Film(row, later, () => this.#tells.unplayable(row));
    return new Picture(row, later, this.#instead.get(row.id)?.address);
  }

  #keepInside() {
    const { mainScroll } = this.#pswp;
    const [moveIndexBy, moveTo] = [mainScroll.moveIndexBy.bind(mainScroll), mainScroll.moveTo.bind(mainScroll)];
    mainScroll.moveIndexBy = (difference, ...rest) => {
      const from = this.#pswp.potentialIndex - this.#origin;
      return moveIndexBy(this.#strip.nearest(from + difference) - from, ...rest);
    };
    mainScroll.moveTo = (x, isDragging) => {
      const ahead = (mainScroll.getCurrSlideX() - x) / mainScroll.slideWidth;
      const beyond = isDragging && !this.#strip.at(this.#place + Math.sign(ahead));
      moveTo(beyond ? mainScroll.x + (x - mainScroll.x) * FRICTION : x, isDragging);
    };
  }

  #listen(host) {
    const pswp = this.#pswp;
    pswp.on('keydown', (event) => event.preventDefault()); // all keys are the viewer's
    pswp.on('pointerDown', (event) => {
      const { target, clientY } = event.originalEvent;
      if (Film.isControl(target, clientY)) event.preventDefault();
    });
    pswp.on('change', () => this.#tellShown());
    pswp.on('close', () => this.#tells.dismissed());
    pswp.on('zoomPanUpdate', ({ slide }) => {
      this.#tells.zoomed(this.isZoomed);
      const wanted = Math.min(slide.currZoomLevel * slide.width * devicePixelRatio, slide.data.row?.width ?? 0);
      if (this.isZoomed && wanted > (slide.content.shown?.resolution ?? Infinity) * NEARLY) this.#tells.blurred();
    });
    this.#size = new ResizeObserver(() => this.resize());
    this.#size.observe(host);
  }

  #tellShown() {
    const { row } = this;
    if (!row || row.id === this.#shownId) return;
    this.#shownId = row.id;
    this.#tells.shown(row);
    this.learnNeighbours();
  }

  async #learn(direction) {
    const strip = this.#strip;
    const learned = await strip.learn(this.#place, direction * AHEAD);
    if (strip !== this.#strip || this.#pswp.isDestroying) return;
    for (const place of learned) this.#refresh(place);
  }

  #refresh(place) {
    this.#pswp.refreshSlideContent(this.#origin + place);
  }
}

/** Instead of a thumbnail that isn't there. */
function useHash(placeholder, row) {
  const address = pictureOfHash(row.thumbhash)?.url;
  if (address) placeholder.src = address;
  else placeholder.removeAttribute('src');
}

const boundsOf = (rectangle) => (rectangle ? { x: rectangle.x, y: rectangle.y, w: rectangle.width } : undefined);
