/** The open form as Outlook describes it to add-ins: ids, recipients, recurrence. Pure. */

/** @import { ItemFacts, Persona, Recipient } from '../../protocol.js' */
/** @import { Invitee, Values } from './model.js' */

import { EXCHANGE_ZONE, momentOf } from './dates.js';

/** @type {Record<string, string>} */
const RESPONSES = {
  accepted: 'accepted',
  declined: 'declined',
  tentativelyAccepted: 'tentative',
  organizer: 'organizer',
};

/** Graph's id in the spelling of Exchange Web Services, which Office.js gives. */
export function ewsId(/** @type {string} */ id) {
  return id.replaceAll('-', '/').replaceAll('_', '+');
}

/**
 * The id an add-in gets for a saved event: on a Mac that of the series for each of its instances.
 * @param {any} event
 * @param {Persona} persona
 */
export function itemIdOf(event, persona) {
  return ewsId((persona.isMac && event.seriesMasterId) || event.id);
}

/**
 * @param {Values} values
 * @param {any} event last known Graph event, or null while unsaved
 * @param {{ name: string, address: string }} organizer
 * @param {string} home domain of the person looking
 * @param {Persona} persona
 * @returns {ItemFacts}
 */
export function factsOf(values, event, organizer, home, persona) {
  const recipients = (/** @type {string} */ type) =>
    values.invitees
      .filter((one) => one.type === type)
      .map((one) => ({
        ...recipient(one, home),
        // Against Microsoft's types, as a Mac does it.
        ...(persona.isMac ? { recipientType: /** @type {any} */ (undefined) } : {}),
      }));
  const isOccurrence = event?.type === 'occurrence' || event?.type === 'exception';
  const instant = (/** @type {string} */ wall) => momentOf(wall).toISOString();
  return {
    itemClass: isOccurrence ? 'IPM.Appointment.Occurrence' : 'IPM.Appointment',
    subject: values.subject,
    body: values.body,
    start: instant(values.start),
    end: instant(values.end),
    isAllDay: values.allDay,
    location: values.location,
    places: placesOf(values),
    organizer: recipient({ ...organizer, type: 'required', response: 'organizer' }, home),
    requiredAttendees: recipients('required'),
    optionalAttendees: recipients('optional'),
    sensitivity: sensitivityFor(values.sensitivity, persona),
    recurrence: recurrenceFacts(values),
    seriesId: event?.seriesMasterId && !persona.isMac ? ewsId(event.seriesMasterId) : null,
    created: event?.createdDateTime ?? new Date().toISOString(),
    modified: event?.lastModifiedDateTime ?? new Date().toISOString(),
  };
}

/**
 * Only classic Outlook for Windows knows all four; the others call the middle ones normal.
 * @param {string} sensitivity
 * @param {Persona} persona
 */
function sensitivityFor(sensitivity, persona) {
  if (persona.sensitivities === 'all') return sensitivity;
  return sensitivity === 'private' ? 'private' : 'normal';
}

/**
 * @param {Invitee} one
 * @param {string} home
 * @returns {Recipient}
 */
function recipient(one, home) {
  const isOurs = one.address.toLowerCase().endsWith(`@${home}`);
  return {
    displayName: one.name,
    emailAddress: one.address,
    appointmentResponse: RESPONSES[one.response] ?? 'none',
    recipientType: isOurs ? 'user' : 'externalUser',
  };
}

/**
 * @param {Values} values
 * @returns {ItemFacts['places']}
 */
function placesOf(values) {
  const rooms = values.invitees.filter((one) => one.type === 'resource');
  const named = rooms.map((room) => ({
    displayName: room.name,
    emailAddress: room.address,
    locationIdentifier: { id: room.address, type: /** @type {const} */ ('room') },
  }));
  if (!values.location || named.some((place) => place.displayName === values.location)) return named;
  const custom = {
    displayName: values.location,
    emailAddress: '',
    locationIdentifier: { id: values.location, type: /** @type {const} */ ('custom') },
  };
  return [...named, custom];
}

/**
 * @param {Values} values
 * @returns {ItemFacts['recurrence']}
 */
export function recurrenceFacts(values) {
  if (!values.recurrence) return null;
  const { pattern, range } = values.recurrence;
  const short = (/** @type {string} */ day) => day.slice(0, 3);
  const kinds = /** @type {Record<string, string>} */ ({
    daily: 'daily',
    weekly: 'weekly',
    absoluteMonthly: 'monthly',
    relativeMonthly: 'monthly',
    absoluteYearly: 'yearly',
    relativeYearly: 'yearly',
  });
  const relative = pattern.type.startsWith('relative');
  return {
    recurrenceType: kinds[pattern.type] ?? 'daily',
    recurrenceProperties: {
      interval: pattern.interval,
      firstDayOfWeek: short(pattern.firstDayOfWeek ?? 'sunday'),
      ...(pattern.type === 'weekly' ? { days: pattern.daysOfWeek.map(short) } : {}),
      ...(relative ? { dayOfWeek: short(pattern.daysOfWeek[0]), weekNumber: pattern.index } : {}),
      ...(pattern.type.startsWith('absolute') ? { dayOfMonth: pattern.dayOfMonth } : {}),
    },
    recurrenceTimeZone: { name: EXCHANGE_ZONE },
    startDate: range.startDate,
    endDate: range.type === 'endDate' ? range.endDate : null,
    startTime: `T${values.start.slice(11, 16)}:00.000`,
    duration: Math.round((Date.parse(`${values.end}Z`) - Date.parse(`${values.start}Z`)) / 60_000),
  };
}
