/** Calendars of others: who may do what in them, and which events stay hidden. Pure. */

/** @import { Delegation, Invited, Somebody } from './people.js' */

/**
 * What the person may do in the calendar; undefined for his own, and without any right.
 * @param {Delegation[]} delegations
 * @param {Somebody} owner
 * @param {Somebody} person
 */
export function rights(delegations, owner, person) {
  return delegations.find(
    (one) => one.owner === owner.address && one.delegate === person.address,
  );
}

/**
 * @param {Delegation[]} delegations
 * @param {Somebody} owner
 * @param {Somebody} person
 */
export function mayEdit(delegations, owner, person) {
  return owner === person || rights(delegations, owner, person)?.write === true;
}

/**
 * @param {any} event
 * @param {Delegation[]} delegations
 * @param {Somebody} owner
 * @param {Somebody} person
 */
export function isHidden(event, delegations, owner, person) {
  if (owner === person || event.sensitivity !== 'private') return false;
  return !rights(delegations, owner, person)?.see_private;
}

/** @param {any} event private to somebody who may not see it */
export function withoutDetails(event) {
  return { ...event, subject: 'Private appointment', location: null, categories: [] };
}

/**
 * People of other firms in the events on the screen, as Outlook remembers whom one wrote to.
 * @param {any[]} events
 * @param {Invited[]} known
 * @returns {Invited[]}
 */
export function strangersIn(events, known) {
  const addresses = new Set(known.map((one) => one.address));
  /** @type {Map<string, Invited>} */
  const fresh = new Map();
  for (const { name, address } of events.flatMap(invitedTo)) {
    if (addresses.has(address)) continue;
    fresh.set(address, { name: name || address, address, firm: '', note: '', tenantId: '' });
  }
  return [...fresh.values()];
}

/** @param {any} event */
function invitedTo(event) {
  return event.attendees.map((/** @type {any} */ one) => one.emailAddress);
}
