// Which photos are selected. Pure: rows by their ids, and where ranges begin.

export class Selection {
  #rows = new Map();
  #listeners = new Set();

  constructor() {
    /** The id of the photo from which shift selects; null before anything was selected. */
    this.anchor = null;
  }

  get size() {
    return this.#rows.size;
  }

  get ids() {
    return [...this.#rows.keys()];
  }

  get rows() {
    return [...this.#rows.values()];
  }

  has(id) {
    return this.#rows.has(id);
  }

  toggle(row) {
    if (!this.#rows.delete(row.id)) this.#rows.set(row.id, row);
    this.anchor = row.id;
    this.#tell();
  }

  add(rows) {
    for (const row of rows) this.#rows.set(row.id, row);
    this.#tell();
  }

  remove(ids) {
    for (const id of ids) this.#rows.delete(id);
    this.#tell();
  }

  /** Instead of the range that was added from the anchor last, this one: so that shift and arrows can go back, too. */
  extend(before, rows) {
    for (const { id } of before) this.#rows.delete(id);
    this.add(rows);
  }

  clear() {
    if (!this.size && this.anchor === null) return;
    this.#rows.clear();
    this.anchor = null;
    this.#tell();
  }

  /** Rows that are known anew: those that are selected show it. */
  refresh(rows) {
    for (const row of rows) if (this.#rows.has(row.id)) this.#rows.set(row.id, row);
  }

  onChange(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell() {
    for (const listener of [...this.#listeners]) listener(this);
  }
}
