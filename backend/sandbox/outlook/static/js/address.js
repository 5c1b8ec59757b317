/** The page's state in the address: `#person=…&calendar=…&view=…&date=…&event=…&mode=…`. */

/**
 * @typedef {object} Address
 * @property {string} person
 * @property {string} calendar owner of the calendar shown; empty for the person's own
 * @property {string} view 'week' or 'list'
 * @property {string} date
 * @property {string} event id of the open event
 * @property {string} mode 'read', 'compose', 'new' or empty
 */

/** Whether this page is one column of several; the page around it keeps the addresses. */
export const IS_COLUMN =
  window.parent !== window && new URLSearchParams(window.location.search).has('column');

/** @returns {Address} */
export function readAddress() {
  const found = new URLSearchParams(window.location.hash.slice(1));
  const text = (/** @type {string} */ name) => found.get(name) ?? '';
  return {
    person: text('person'),
    calendar: text('calendar'),
    view: text('view'),
    date: text('date'),
    event: text('event'),
    mode: text('mode'),
  };
}

/** @param {Partial<Address>} changes written without a step in the browser's history */
export function writeAddress(changes) {
  const all = { ...readAddress(), ...changes };
  const kept = Object.entries(all).filter(([, value]) => value);
  const text = new URLSearchParams(kept).toString();
  window.history.replaceState(null, '', `#${text}`);
  if (IS_COLUMN) tellParent({ kind: 'outlook:address', hash: text });
}

/** @param {object} message */
function tellParent(message) {
  window.parent.postMessage(message, window.location.origin);
}

/**
 * Shows this Outlook and another one beside each other.
 * @param {Record<string, string> | null} state of the other; null for an empty choice
 */
export function askForColumn(state) {
  if (IS_COLUMN) {
    if (state) tellParent({ kind: 'outlook:beside', state });
    return;
  }
  const mine = window.location.hash.slice(1);
  const columns = [mine, ...(state ? [String(new URLSearchParams(state))] : [])];
  const hash = columns.map(encodeURIComponent).join('&');
  window.location.assign(`/side-by-side${window.location.search}#${hash}`);
}
