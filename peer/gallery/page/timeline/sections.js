// What is where on the timeline, for any number of photos. Pure.
//
// The timeline is a list of sections (months, newest first; an album is one), each cut into blocks of at most `BLOCK` photos. A block is what is
// fetched, laid out and forgotten at once. Only counts are known of all blocks; a block that isn't laid out has an estimated height.

import { estimateHeight, firstBelow, layOut, shownRatio } from './layout.js';

export const BLOCK = 250;

/** A block: `start` is the number of photos, `top` the pixels before it; `rows` null until fetched; `layout` null until it is near the view. */
class Block {
  constructor(section, from, count) {
    this.section = section;
    this.from = from;
    this.count = count;
    this.rows = null;
    this.dayBefore = null;
    this.dayAfter = null;
    this.layout = null;
    this.height = 0;
    this.top = 0;
    this.start = 0;
  }

  get isFirst() {
    return this.from === 0;
  }

  get isLast() {
    return this.from + this.count >= this.section.count;
  }
}

export const dayOf = (row) => (row.taken ?? '').slice(0, 10);

export class Sections {
  #geometry = null;

  constructor() {
    this.list = [];
    this.blocks = [];
    this.lead = 0;
    this.count = 0;
    this.places = new Map();
  }

  /** The end of the last block. */
  get total() {
    const last = this.blocks.at(-1);
    return last ? last.top + last.height : this.lead;
  }

  get geometry() {
    return this.#geometry;
  }

  /** Lay out for another width or row height. Photos stay loaded, their boxes are computed again when they are near the view. */
  setGeometry(geometry) {
    this.#geometry = geometry;
    for (const block of this.blocks) this.#forget(block);
    this.measure();
  }

  /** Pixels above the first section. */
  setLead(lead) {
    this.lead = lead;
    this.measure();
  }

  /** All months as the peer tells them: [{ month, count, revision }]. */
  replace(months) {
    this.list = [];
    this.places.clear();
    this.merge(months);
  }

  /** The months that changed. Their blocks begin anew, without photos; those of others stay. Gives the new blocks. */
  merge(months) {
    const sections = new Map(this.list.map((section) => [section.month, section]));
    const made = [];
    for (const { month, count, revision } of months) {
      for (const block of sections.get(month)?.blocks ?? []) this.drop(block);
      sections.delete(month);
      if (!count) continue;
      const section = { month, count, revision, blocks: [] };
      for (let from = 0; from < count; from += BLOCK) section.blocks.push(new Block(section, from, Math.min(BLOCK, count - from)));
      sections.set(month, section);
      made.push(...section.blocks);
    }
    this.list = [...sections.values()].sort((one, other) => (one.month < other.month ? 1 : -1));
    this.blocks = this.list.flatMap((section) => section.blocks);
    for (const block of made) this.#forget(block);
    this.measure();
    return made;
  }

  /** The photos of a block arrived, with the days of those around it (null: none there). */
  fill(block, rows, dayBefore, dayAfter) {
    for (const row of block.rows ?? []) this.places.delete(row.id);
    block.rows = rows;
    block.dayBefore = dayBefore;
    block.dayAfter = dayAfter;
    block.layout = null;
    rows.forEach((row, index) => this.places.set(row.id, { block, index }));
  }

  /** Forget the photos of a block; it keeps its height. */
  drop(block) {
    for (const row of block.rows ?? []) if (this.places.get(row.id)?.block === block) this.places.delete(row.id);
    block.rows = null;
    block.layout = null;
  }

  /** Compute the boxes of a block that has its photos; `measure` has to follow. */
  layOut(block) {
    const geometry = this.#geometryOf(block);
    const days = block.rows.map(dayOf);
    const ratios = block.rows.map((row) => shownRatio(row.width, row.height, geometry));
    block.layout = layOut(days, ratios, block, geometry);
    block.height = block.layout.height;
  }

  /** Compute where every block begins. */
  measure() {
    let top = this.lead;
    let start = 0;
    for (const block of this.blocks) {
      block.top = top;
      block.start = start;
      top += block.height;
      start += block.count;
    }
    this.count = start;
  }

  /** The number of the block at the height `y`; that of the first or last beyond the ends. */
  blockNumberAt(y) {
    return this.#lastWhere((block) => block.top <= y);
  }

  /** The blocks that are anywhere between `top` and `bottom`. */
  blocksBetween(top, bottom) {
    const found = [];
    for (let number = this.blockNumberAt(top); number < this.blocks.length && this.blocks[number].top < bottom; number += 1) {
      found.push(this.blocks[number]);
    }
    return found;
  }

  /** The block and index in it of the photo with the number `number` of all. */
  placeAt(number) {
    const block = this.blocks[this.#lastWhere((each) => each.start <= number)];
    return block && number >= 0 && number < block.start + block.count ? { block, index: number - block.start } : null;
  }

  /** The box of a photo in our space, or null while its block isn't laid out. */
  boxOf({ block, index }) {
    if (!block.layout || index >= block.rows.length) return null;
    const [x, y, width, height] = block.layout.boxes.subarray(index * 4, index * 4 + 4);
    return { x, y: y + block.top, width, height };
  }

  /** The first photo, of those laid out, that ends below `top` and begins above `bottom`: { block, index }, or null. */
  firstPhotoBetween(top, bottom) {
    for (const block of this.blocksBetween(top, bottom)) {
      const index = block.layout ? firstBelow(block.layout.boxes, top - block.top) : Infinity;
      if (index < (block.rows?.length ?? 0) && block.top + block.layout.boxes[index * 4 + 1] < bottom) return { block, index };
    }
    return null;
  }

  #geometryOf(block) {
    const isTitled = block.section.month !== '' || this.list.length > 1;
    return { ...this.#geometry, hasTitle: this.#geometry.hasTitle && isTitled };
  }

  #forget(block) {
    block.layout = null;
    if (this.#geometry) block.height = estimateHeight(block.count, block, this.#geometryOf(block));
  }

  #lastWhere(isBefore) {
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (isBefore(this.blocks[middle])) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
