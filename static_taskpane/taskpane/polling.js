// When to look again: soon while something changes, then less and less, and never before the time the
// server has named. A pane that nobody sees, or that is offline, does not look at all.

const EAGER_MS = 3_000;
const EAGER_FOR_MS = 60_000;
const CALM_MS = 15_000;
const CALM_FOR_MS = 5 * 60_000;
const IDLE_MS = 30_000;
const LONGEST_MS = 60_000;
/** The first looks after an act: most of them find it done. */
const AFTER_ACT_MS = [1_000, 2_000];
const AFTER_DUE_MS = 1_000;
const JITTER = 0.1;

/** @typedef {{quietFor?: number, waiting?: boolean, attempt?: number, failures?: number,
 *   nextAttemptAt?: string | null, retryAfter?: number | null, now?: number, random?: number}} Known
 *   quietFor: milliseconds since the last sign of a change; waiting: something is outstanding;
 *   attempt: looks since then; failures: in a row; nextAttemptAt: when the worker tries again;
 *   retryAfter: seconds the server asked us to stay away; random: 0 to 1 */

/** @param {Known} known @returns {number} milliseconds to wait */
export function nextLook({
  quietFor = 0,
  waiting = false,
  attempt = 0,
  failures = 0,
  nextAttemptAt,
  retryAfter,
  now = Date.now(),
  random = Math.random(),
}) {
  let wait = quietFor < EAGER_FOR_MS ? EAGER_MS : quietFor < CALM_FOR_MS ? CALM_MS : IDLE_MS;
  if (waiting) wait = Math.min(wait, AFTER_ACT_MS[attempt] ?? wait);
  const due = nextAttemptAt ? Date.parse(nextAttemptAt) - now : 0;
  // The worker needs a moment for the attempt itself.
  if (due > 0 && due < wait) wait = due + AFTER_DUE_MS;
  if (failures > 0) wait = Math.max(wait, Math.min(EAGER_MS * 2 ** Math.min(failures, 10), LONGEST_MS));
  // Many panes must not come in step; but nobody comes before he may.
  const spread = wait * (1 + JITTER * (2 * random - 1));
  return Math.max(spread, (retryAfter ?? 0) * 1000);
}

/** Runs one look at a time, only while the page is visible and online. */
export class Poller {
  /** @type {() => Promise<void>} */
  #look;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #attempt = 0;
  #failures = 0;
  #signAt = performance.now();
  /** A look was due while nobody could see it. */
  #missed = false;

  /** @param {() => Promise<void>} look must not throw */
  constructor(look) {
    this.#look = look;
    document.addEventListener("visibilitychange", () => this.#resume());
    addEventListener("online", () => this.#resume());
  }

  /** The person acted, or something has changed: more may follow. */
  sign() {
    this.#attempt = 0;
    this.#signAt = performance.now();
  }

  /** The look brought an answer.
   * @param {{waiting: boolean, nextAttemptAt?: string | null}} known */
  schedule(known) {
    this.#failures = 0;
    this.#in(known);
  }

  /** The look brought none. @param {number | null} retryAfter */
  failed(retryAfter) {
    this.#failures += 1;
    this.#in({ retryAfter });
    return this.#failures;
  }

  /** @param {Known} known */
  #in(known) {
    this.stop();
    const quietFor = performance.now() - this.#signAt;
    const wait = nextLook({ ...known, quietFor, attempt: this.#attempt, failures: this.#failures });
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#run(), wait);
  }

  #run() {
    this.#missed = document.visibilityState !== "visible" || !navigator.onLine;
    if (!this.#missed) void this.#look();
  }

  #resume() {
    if (this.#missed) this.#run();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#missed = false;
  }
}
