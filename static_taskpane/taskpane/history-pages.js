// The pages of one event's history as far as they were asked for; only one request at a time.

/** @import { HistoryLine, HistoryPage, HistoryState } from "./types.js" */

export class HistoryPages {
  #fetch;
  #show;
  /** @type {HistoryLine[]} */
  #items = [];
  /** @type {string | null} */
  #next = null;
  #loaded = false;
  #busy = false;
  /** Grows with every event: an answer about the one before is not shown. */
  #turn = 0;

  /** @param {(cursor: string | null) => Promise<HistoryPage>} fetch
   * @param {(state: HistoryState) => void} show */
  constructor(fetch, show) {
    this.#fetch = fetch;
    this.#show = show;
  }

  /** The first page, once. */
  async open() {
    if (!this.#loaded) await this.#load(null);
  }

  /** The page after the last one. */
  async more() {
    if (this.#loaded && this.#next !== null) await this.#load(this.#next);
  }

  /** What is new; if more than a page is, the list starts again with it. */
  async renew() {
    if (this.#loaded) await this.#load(null);
  }

  /** Another event. */
  forget() {
    this.#turn += 1;
    this.#items = [];
    this.#next = null;
    this.#loaded = this.#busy = false;
  }

  /** @param {string | null} cursor */
  async #load(cursor) {
    if (this.#busy) return;
    const turn = this.#turn;
    this.#busy = true;
    this.#tell(false);
    try {
      const page = await this.#fetch(cursor);
      if (turn !== this.#turn) return;
      this.#take(page, cursor);
      this.#loaded = true;
      this.#busy = false;
      this.#tell(false);
    } catch {
      if (turn !== this.#turn) return;
      this.#busy = false;
      this.#tell(true);
    }
  }

  /** @param {HistoryPage} page @param {string | null} cursor */
  #take({ items, next }, cursor) {
    const ids = new Set(items.map(({ id }) => id));
    const known = this.#items.filter(({ id }) => !ids.has(id));
    if (cursor !== null) {
      this.#items = [...known, ...items];
      this.#next = next;
    } else if (known.length < this.#items.length) {
      this.#items = [...items, ...known];
    } else {
      this.#items = items;
      this.#next = next;
    }
  }

  /** @param {boolean} failed */
  #tell(failed) {
    this.#show({ items: this.#items, next: this.#next, busy: this.#busy, failed });
  }
}
