// The space that is scrolled through. Pure.
//
// A million photos are higher than browsers lay out (Firefox ends near 17 million pixels, others near 33), and most heights are estimates that
// become exact only when somebody comes near. So where the page is looked at, `position`, is a number of ours; the browser scrolls a space of at
// most `LIMIT` pixels. While it scrolls, each pixel there is a pixel here. What moves the content (an estimate above that was wrong, a photo that
// came in) moves `position` alone, so nothing is seen to jump and nobody's finger is fought. At rest, or at an edge, the browser's place is set to
// the one that belongs to `position`: near both ends pixel by pixel, in between in proportion.

export const LIMIT = 2_000_000;
const EXACT_VIEWS = 24;

export class ScrollSpace {
  #browser = 0;

  constructor() {
    this.position = 0;
    this.total = 0;
    this.view = 0;
  }

  /** How high the browser's space has to be. */
  get height() {
    return Math.max(Math.min(this.total, LIMIT), this.view);
  }

  get end() {
    return Math.max(this.total - this.view, 0);
  }

  /** What is added to a place in our space to get the one in the browser's. */
  get offset() {
    return this.#browser - this.position;
  }

  /** The browser scrolled to `top`: the position follows. */
  scrolled(top) {
    this.position += top - this.#browser;
    this.#browser = top;
  }

  /** Whether going on needs `settle` now: an end of one of the spaces was reached before that of the other. */
  get isAtEdge() {
    const last = this.height - this.view;
    const isBeyond = this.position < 0 || this.position > this.end;
    return isBeyond || (this.#browser <= 0 && this.position > 0) || (this.#browser >= last && this.position < this.end);
  }

  /** Limit the position and give the browser's place that belongs to it. */
  settle() {
    this.position = Math.min(Math.max(this.position, 0), this.end);
    this.#browser = this.#placeOf(this.position);
    return this.#browser;
  }

  /** Whether the browser's place is the one that belongs to the position. */
  get isSettled() {
    return Math.abs(this.#browser - this.#placeOf(this.position)) < 1 && this.position >= 0 && this.position <= this.end;
  }

  #placeOf(position) {
    const last = this.height - this.view;
    if (this.end <= last) return position;
    const exact = Math.min(this.view * EXACT_VIEWS, last / 3);
    if (position <= exact) return position;
    if (position >= this.end - exact) return last - (this.end - position);
    const share = (position - exact) / (this.end - 2 * exact);
    return Math.round(exact + share * (last - 2 * exact));
  }
}
