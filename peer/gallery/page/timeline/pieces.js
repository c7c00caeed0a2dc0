// Fetches the photos of blocks: the nearest first, a few at once, those scrolled past not at all; keeps a limited number of them.

import { get } from '../lib/api.js';
import { dayOf } from './sections.js';

const AT_ONCE = 3;
const KEPT = 64;
const PATIENCE_MS = 3_000;

export class Pieces {
  #sections;
  #view;
  #arrived;
  #underWay = new Map();
  #waiting = [];
  #used = new Map();
  #failedUntil = 0;

  /** `view()`: the VIEW parameters now; `arrived()`: called after the photos of a block are there. */
  constructor(sections, view, arrived) {
    this.#sections = sections;
    this.#view = view;
    this.#arrived = arrived;
  }

  /** These blocks are wanted now, in this order; nothing else is. */
  want(blocks) {
    const wanted = new Set(blocks);
    for (const [block, { controller, isKept }] of this.#underWay) if (!wanted.has(block) && !isKept) controller.abort();
    for (const block of blocks) this.#touch(block);
    this.#waiting = blocks.filter((block) => !block.rows && !this.#underWay.has(block));
    this.#evict(wanted);
    this.#next();
  }

  /** The photos of one block, fetched when they aren't there, whatever is scrolled to meanwhile. */
  async load(block) {
    if (!block.rows) {
      const running = this.#underWay.get(block) ?? this.#start(block);
      running.isKept = true;
      await running.done;
    }
    this.#touch(block);
    return block.rows ?? [];
  }

  /** Of blocks that don't belong to the timeline yet: [{ rows, dayBefore, dayAfter }] in their order. */
  fetchAll(blocks) {
    return Promise.all(blocks.map((block) => fetchPiece(block, this.#view(), undefined)));
  }

  stop() {
    for (const { controller } of this.#underWay.values()) controller.abort();
    this.#waiting = [];
  }

  #next() {
    if (Date.now() < this.#failedUntil) return;
    while (this.#waiting.length && this.#underWay.size < AT_ONCE) this.#start(this.#waiting.shift());
  }

  #start(block) {
    const controller = new AbortController();
    const running = { controller, isKept: false };
    running.done = this.#fetch(block, controller.signal).finally(() => {
      this.#underWay.delete(block);
      this.#next();
    });
    this.#underWay.set(block, running);
    return running;
  }

  async #fetch(block, signal) {
    try {
      const { rows, dayBefore, dayAfter } = await fetchPiece(block, this.#view(), signal);
      if (!block.section.blocks.includes(block) || !this.#sections.list.includes(block.section)) return;
      this.#sections.fill(block, rows, dayBefore, dayAfter);
      this.#touch(block);
      this.#arrived(block);
    } catch (error) {
      if (signal.aborted) return;
      // The shell tells that the peer is away; it is asked again in a while.
      this.#failedUntil = Date.now() + PATIENCE_MS;
      setTimeout(() => this.#arrived(null), PATIENCE_MS);
    }
  }

  #touch(block) {
    if (!block.rows) return;
    this.#used.delete(block);
    this.#used.set(block, true);
  }

  #evict(wanted) {
    for (const block of this.#used.keys()) {
      if (this.#used.size <= KEPT) return;
      if (wanted.has(block)) continue;
      this.#used.delete(block);
      this.#sections.drop(block);
    }
  }
}

/** One photo more is asked for on each side: whether its day goes on decides how the piece is laid out. */
async function fetchPiece(block, view, signal) {
  const before = block.from ? 1 : 0;
  const month = block.section.month || 'none';
  const answer = await get(`/timeline/${month}`, { ...view, from: block.from - before, count: block.count + before + 1 }, { signal });
  const rows = answer.assets.slice(before, before + block.count);
  const after = answer.assets[before + block.count];
  return { rows, dayBefore: before && answer.assets.length ? dayOf(answer.assets[0]) : null, dayAfter: after ? dayOf(after) : null };
}
