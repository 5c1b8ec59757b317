// Keeps what was typed into a form until it has been sent: on this machine only, per person and
// event, and only what differs from the proposal. Outlook ends the page whenever its pane closes.

/** @import { FormValues } from "../types.js" */

const PREFIX = "calendar-sync-activity:";
const MOST_KEPT = 20;
const KEPT_FOR_MS = 7 * 86_400_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @typedef {{requestId: string, at: number, changes: Partial<FormValues>}} Kept */

export class Keeping {
  #key;

  /** @param {string} person @param {{id: string, owner: string | null}} event */
  constructor(person, { id, owner }) {
    this.#key = PREFIX + JSON.stringify([person.toLowerCase(), owner, id]);
  }

  /** @returns {Kept | null} whatever the store holds: strangers' and damaged things are nothing */
  read() {
    try {
      const kept = JSON.parse(store()?.getItem(this.#key) ?? "null");
      const isOurs = UUID.test(kept?.requestId) && typeof kept.changes === "object";
      return isOurs && kept.changes !== null && Date.now() - kept.at < KEPT_FOR_MS ? kept : null;
    } catch {
      return null;
    }
  }

  /** @param {string} requestId @param {FormValues} values @param {FormValues} known */
  write(requestId, values, known) {
    const changes = Object.fromEntries(
      Object.entries(values).filter(
        ([name, value]) => JSON.stringify(value) !== JSON.stringify(known[/** @type {keyof FormValues} */ (name)]),
      ),
    );
    try {
      const kept = JSON.stringify({ requestId, at: Date.now(), changes });
      makeRoom();
      store()?.setItem(this.#key, kept);
    } catch {
      // Full, or forbidden by the browser: the form itself still holds everything.
    }
  }

  forget() {
    try {
      store()?.removeItem(this.#key);
    } catch {
      // Nothing was kept.
    }
  }
}

/** The proposal with what was typed; a value of another shape than the form's is left out.
 * @param {FormValues} known @param {Kept | null} kept @returns {FormValues} */
export function restored(known, kept) {
  const fitting = Object.entries(kept?.changes ?? {}).filter(([name, value]) => {
    const own = known[/** @type {keyof FormValues} */ (name)];
    if (own === undefined || typeof value !== typeof own) return false;
    if (!Array.isArray(own)) return true;
    return Array.isArray(value) && value.every(name === "people" ? isPerson : isEntry);
  });
  return { ...known, ...Object.fromEntries(fitting) };
}

/** @param {any} value */
function isPerson(value) {
  const texts = [value?.key, value?.name, value?.address, value?.match];
  const ids = [value?.contactId, value?.companyId, value?.why, value?.response];
  const isKnown = ids.every((id) => id === null || typeof id === "string");
  return texts.every((text) => typeof text === "string") && isKnown && typeof value.create === "boolean";
}

/** @param {any} value */
function isEntry(value) {
  return [value?.id, value?.name, value?.detail].every((text) => typeof text === "string");
}

/** Drops what is old, and the oldest of too many. */
function makeRoom() {
  const kept = Object.keys(store() ?? {})
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => ({ key, at: ageOf(key) }))
    .sort((left, right) => right.at - left.at);
  kept.forEach(({ key, at }, place) => {
    if (place >= MOST_KEPT || Date.now() - at > KEPT_FOR_MS) store()?.removeItem(key);
  });
}

/** @param {string} key */
function ageOf(key) {
  try {
    return Number(JSON.parse(store()?.getItem(key) ?? "{}").at) || 0;
  } catch {
    return 0;
  }
}

/** The browser's store; reading the name already fails where a browser forbids it in frames. */
function store() {
  try {
    // A convenience only: nothing depends on it, which is why the rule against it may rest here.
    // eslint-disable-next-line no-restricted-globals
    return localStorage;
  } catch {
    return null;
  }
}
