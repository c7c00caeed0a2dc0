// The photos beside each other in the viewer. Pure but for the one question that it asks: who stands beside whom.
//
// Places are whole numbers, the photo that the viewer was opened with stands at 0, earlier ones below. Rows are learned as they come near. Where nobody
// stood it is asked again: somebody may come, and a view that is still loading knows nobody yet.

export class Strip {
  #rows = new Map();
  #neighbours;
  #asked = new Map();

  /** `neighbours(id, step)` → the row that stands `step` (-1 or 1) beside, or null. */
  constructor(row, neighbours) {
    this.#rows.set(0, row);
    this.#neighbours = neighbours;
  }

  /** The row at `place`, or undefined while it isn't known. */
  at(place) {
    return this.#rows.get(place);
  }

  placeOf(id) {
    for (const [place, row] of this.#rows) if (row.id === id) return place;
    return undefined;
  }

  /** A row is told anew; gives its place, or undefined. */
  update(row) {
    const place = this.placeOf(row.id);
    if (place !== undefined) this.#rows.set(place, row);
    return place;
  }

  /** `place` if there is somebody, else the nearest place on the way to 0 at which somebody is known to be. */
  nearest(place) {
    const step = place < 0 ? 1 : -1;
    let found = place;
    while (!this.#rows.has(found)) found += step;
    return found;
  }

  /** Learn who stands between `place` and `place + distance`; gives the places that were learned just now. */
  async learn(place, distance) {
    const step = Math.sign(distance);
    const learned = [];
    for (let at = place + step; at !== place + distance + step; at += step) {
      if (this.#rows.has(at)) continue;
      const row = await this.#ask(at - step, step);
      if (!row) break;
      learned.push(at);
    }
    return learned;
  }

  /** Never twice at once for the same place. */
  #ask(from, step) {
    const place = from + step;
    let asked = this.#asked.get(place);
    if (!asked) {
      asked = this.#find(from, step).finally(() => this.#asked.delete(place));
      this.#asked.set(place, asked);
    }
    return asked;
  }

  async #find(from, step) {
    const row = await this.#neighbours(this.#rows.get(from).id, step);
    if (row) this.#rows.set(from + step, row);
    return row;
  }
}
