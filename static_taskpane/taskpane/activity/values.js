// What the Add Activity form holds, as plain values: made from the server's proposal, checked while
// the person types, and turned into the request. It shows nothing and calls nobody.

/** @import { ActivityProposal, ChosenPerson, Entry, EventAttendee, FormValues, Group } from "../types.js" */
/** @import { Clock } from "../time.js" */

const LONGEST_SUBJECT = 20_000;
const LONGEST_NOTES = 500_000;
const LONGEST_NAME = 200;
const LONGEST_ADDRESS = 320;
const MOST_NEW_CONTACTS = 50;
const DAY_MS = 86_400_000;

/** @typedef {Record<string, string>} Problems  a sentence per field that is not in order */

/** The form as it opens.
 * @param {ActivityProposal} proposal @param {Clock} clock @returns {FormValues} */
export function proposed({ event, draft, visibility, groups }, clock) {
  const start = clock.parts(draft.start);
  const end = clock.parts(draft.end);
  const days = draft.all_day && draft.start_date && draft.end_date;
  return {
    subject: draft.subject,
    type: draft.type,
    allDay: draft.all_day,
    startDate: days ? /** @type {string} */ (draft.start_date) : start.date,
    startTime: draft.all_day ? "" : start.time,
    endDate: days ? dayBefore(/** @type {string} */ (draft.end_date)) : end.date,
    endTime: draft.all_day ? "" : end.time,
    location: draft.location,
    people: event.attendees.map(asPerson),
    companies: [],
    opportunities: [],
    initiatives: [],
    regarding: [],
    visibility: possible(visibility, groups),
    notes: "",
    includeDescription: draft.description !== "",
  };
}

/** A group that one is not in any more sees nothing: then it is oneself alone.
 * @param {string} visibility @param {Group[]} groups */
export function possible(visibility, groups) {
  const offered = ["everyone", "only_me", ...groups.map((group) => group.visibility)];
  return offered.includes(visibility) ? visibility : "only_me";
}

/** @param {EventAttendee} attendee @param {number} place @returns {ChosenPerson} */
function asPerson({ name, address, match, contact_id, company_id, why, response }, place) {
  return {
    key: `invited-${place}`,
    name: name ?? "",
    address: address ?? "",
    match,
    contactId: match === "matched" ? contact_id : null,
    companyId: match === "matched" ? (company_id ?? null) : null,
    why: why ?? null,
    response: response ?? null,
    create: false,
  };
}

/** Everything that is not in order, by field.
 * @param {FormValues} values @param {Clock} clock @returns {Problems} */
export function problemsOf(values, clock) {
  /** @type {Problems} */
  const problems = {};
  if (values.subject.trim() === "") problems.subject = "Say what it is about.";
  else if (values.subject.length > LONGEST_SUBJECT) problems.subject = tooLong(LONGEST_SUBJECT);
  if (values.location.length > LONGEST_SUBJECT) problems.location = tooLong(LONGEST_SUBJECT);
  if (values.notes.length > LONGEST_NOTES) problems.notes = tooLong(LONGEST_NOTES);
  Object.assign(problems, timeProblems(values, clock));
  const created = values.people.filter(({ create }) => create);
  for (const person of created) {
    const wrong = newContactProblem(person);
    if (wrong) problems[`person-${person.key}`] = wrong;
  }
  if (created.length > MOST_NEW_CONTACTS) problems.people = `At most ${MOST_NEW_CONTACTS} contacts can be created at once.`;
  return problems;
}

/** @param {FormValues} values @param {Clock} clock @returns {Problems} */
function timeProblems({ allDay, startDate, startTime, endDate, endTime }, clock) {
  if (!startDate) return { start: "Choose the day it starts." };
  if (!allDay && !startTime) return { start: "Choose the time it starts." };
  if (!endDate) return { end: "Choose the day it ends." };
  if (!allDay && !endTime) return { end: "Choose the time it ends." };
  if (allDay) return endDate < startDate ? { end: "It ends before it starts." } : {};
  const start = clock.instant(startDate, startTime);
  const end = clock.instant(endDate, endTime);
  if (start === null) return { start: "This is no date." };
  if (end === null) return { end: "This is no date." };
  return end < start ? { end: "It ends before it starts." } : {};
}

/** @param {ChosenPerson} person */
function newContactProblem({ name, address }) {
  if (!isAddress(address)) return "A new contact needs an e-mail address.";
  if (name.trim() === "") return "A new contact needs a name.";
  return name.length > LONGEST_NAME ? tooLong(LONGEST_NAME) : null;
}

/** @param {number} most */
function tooLong(most) {
  return `This is too long: at most ${most.toLocaleString()} characters.`;
}

/** @param {string} text */
export function isAddress(text) {
  return text.length <= LONGEST_ADDRESS && /^[^\s@]+@[^\s@]+$/.test(text);
}

/** The request of `POST /api/activities`. Times nobody touched go back to the second.
 * @param {string} eventId @param {string} requestId @param {FormValues} values
 * @param {ActivityProposal} proposal @param {Clock} clock */
export function requestOf(eventId, requestId, values, proposal, clock) {
  const taken = values.people.filter(({ match }) => match !== "excluded");
  return {
    event_id: eventId,
    request_id: requestId,
    subject: values.subject.trim(),
    type: values.type,
    ...timesOf(values, proposal, clock),
    location: values.location,
    people: taken.filter(({ create }) => !create).map(personOf),
    new_contacts: taken
      .filter(({ create }) => create)
      .map(({ name, address }) => ({ name: name.trim(), address })),
    company_ids: values.companies.map(({ id }) => id),
    opportunity_ids: values.opportunities.map(({ id }) => id),
    initiative_ids: values.initiatives.map(({ id }) => id),
    regarding: referenceOf(values.regarding[0]),
    visibility: values.visibility,
    notes: values.notes,
    include_description: values.includeDescription,
  };
}

/** @param {Entry | undefined} entry whose id is `kind:id` */
function referenceOf(entry) {
  if (entry === undefined) return null;
  const [kind = "", ...rest] = entry.id.split(":");
  return { kind, id: rest.join(":") };
}

/** @param {ChosenPerson} person */
function personOf({ contactId, name, address }) {
  return { contact_id: contactId, name, address };
}

/** @param {FormValues} values @param {ActivityProposal} proposal @param {Clock} clock */
function timesOf(values, proposal, clock) {
  const { draft } = proposal;
  const known = proposed(proposal, clock);
  if (values.allDay) {
    const after = dayAfter(values.endDate);
    return {
      all_day: true,
      start: `${values.startDate}T00:00:00Z`,
      end: `${after}T00:00:00Z`,
      start_date: values.startDate,
      end_date: after,
    };
  }
  const same = (/** @type {(keyof FormValues)[]} */ ...names) =>
    !known.allDay && names.every((name) => values[name] === known[name]);
  return {
    all_day: false,
    start: same("startDate", "startTime") ? draft.start : clock.instant(values.startDate, values.startTime),
    end: same("endDate", "endTime") ? draft.end : clock.instant(values.endDate, values.endTime),
    start_date: null,
    end_date: null,
  };
}

/** Ids of the companies that come along with the contacts.
 * @param {FormValues} values */
export function companiesOfContacts({ people }) {
  const ids = people.map(({ companyId }) => companyId).filter((id) => id !== null);
  return [...new Set(ids)];
}

/** Whoever is on the list already, as a contact or by address.
 * @param {ChosenPerson[]} people @param {{contactId: string | null, address: string}} somebody */
export function placeOf(people, { contactId, address }) {
  const folded = address.trim().toLowerCase();
  return people.findIndex(
    (person) =>
      (contactId !== null && person.contactId === contactId) ||
      (folded !== "" && person.address.trim().toLowerCase() === folded),
  );
}

/** What belongs to the companies on the form goes first; the order is kept otherwise.
 * @param {Entry[]} entries @param {string[]} companies names */
export function ownFirst(entries, companies) {
  const isOwn = (/** @type {Entry} */ { detail }) =>
    companies.some((name) => detail === name || detail.startsWith(`${name} · `));
  return [...entries.filter(isOwn), ...entries.filter((entry) => !isOwn(entry))];
}

/** @param {string} day */
function dayBefore(day) {
  return shifted(day, -DAY_MS);
}

/** @param {string} day */
function dayAfter(day) {
  return shifted(day, DAY_MS);
}

/** @param {string} day @param {number} by milliseconds */
function shifted(day, by) {
  const moment = new Date(Date.parse(`${day.slice(0, 10)}T00:00:00Z`) + by);
  return Number.isNaN(moment.getTime()) ? day : moment.toISOString().slice(0, 10);
}
