// When to look again at something that is still being done: soon at first, then less and less, and
// never before the time the server has named.

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** @param {number} attempt 0 for the first look after an act
 * @param {{nextAttemptAt?: string | null, retryAfter?: number | null, now?: number}} [known]
 *   nextAttemptAt: when the worker tries again; retryAfter: seconds the server asked us to stay away
 * @returns {number} milliseconds to wait */
export function nextLook(attempt, { nextAttemptAt, retryAfter, now = Date.now() } = {}) {
  const backing = Math.min(FIRST_MS * 2 ** Math.min(attempt, 10), LONGEST_MS);
  const asked = (retryAfter ?? 0) * 1000;
  const due = nextAttemptAt ? Date.parse(nextAttemptAt) - now : 0;
  // The worker needs a moment for the attempt itself. A far due time does not keep the pane from
  // looking once a minute: another door may have finished the work.
  const afterDue = due > 0 ? Math.min(due + FIRST_MS, LONGEST_MS) : 0;
  return Math.max(backing, asked, afterDue);
}

/** Runs one look at a time, only while the page is visible. */
export class Poller {
  /** @type {() => Promise<void>} */
  #look;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #attempt = 0;

  /** @param {() => Promise<void>} look must not throw */
  constructor(look) {
    this.#look = look;
  }

  /** Starts counting from the beginning, after an act of the person. */
  restart() {
    this.stop();
    this.#attempt = 0;
  }

  /** @param {{nextAttemptAt?: string | null, retryAfter?: number | null}} known */
  schedule(known) {
    clearTimeout(this.#timer);
    const wait = nextLook(this.#attempt, known);
    this.#attempt += 1;
    this.#timer = setTimeout(() => {
      if (document.visibilityState === "visible") void this.#look();
    }, wait);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
