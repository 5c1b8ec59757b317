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
}
