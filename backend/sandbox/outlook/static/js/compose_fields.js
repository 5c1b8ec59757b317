/** The fields of the composing form; each change goes to the form at once. */

/** @import { Persona } from '../../protocol.js' */
/** @import { EventForm } from './form.js' */
/** @import { Values } from './model.js' */
/** @import { Invited } from './people.js' */

import { addDays, addMinutes } from './dates.js';
import { h, icon } from './dom.js';
import { inviteeField } from './invitees.js';
import { kindOfRecurrence, recurrenceOf } from './model.js';
import { describeRecurrence } from './words.js';

const REPEATS = {
  '': 'Does not repeat',
  daily: 'Every day',
  weekdays: 'Every weekday',
  weekly: 'Every week',
  monthly: 'Every month on this date',
  monthlyDay: 'Every month on this weekday',
  yearly: 'Every year',
};
const SHOW_AS = {
  free: 'Free',
  workingElsewhere: 'Working elsewhere',
  tentative: 'Tentative',
  busy: 'Busy',
  oof: 'Away',
};
const SENSITIVITIES = {
  normal: 'Not private',
  personal: 'Personal',
  private: 'Private',
  confidential: 'Confidential',
};
/** What the web, new Outlook and Mac offer. */
const TWO_SENSITIVITIES = { normal: 'Not private', private: 'Private' };
/** @type {Record<string, string>} */
const ALL_WORDS = { ...SHOW_AS, ...SENSITIVITIES };
const REMINDERS = {
  '': "Don't remind me",
  0: 'At time of event',
  5: '5 minutes before',
  15: '15 minutes before',
  30: '30 minutes before',
  60: '1 hour before',
  1440: '1 day before',
};

/**
 * @typedef {object} Offer what there is to choose from
 * @property {Invited[]} people
 * @property {Invited[]} rooms
 * @property {() => Persona} persona
 *
 * @param {EventForm} form
 * @param {Offer} offer
 */
export function composeFields(form, { people, rooms, persona }) {
  const subject = h('input', {
    type: 'text',
    class: 'subject',
    'aria-label': 'Subject',
    placeholder: 'Add a title',
  });
  subject.addEventListener('input', () => form.set({ subject: subject.value }));
  const guests = guestFields(form, people);
  const time = timeFields(form);
  const place = placeField(form, rooms);
  const text = textField('Description', 'Type a description', form);
  const online = checkbox('Teams meeting', 'online', form);
  const sensitivities = persona().sensitivities === 'two' ? TWO_SENSITIVITIES : SENSITIVITIES;
  const kinds = [
    choice('Show as', SHOW_AS, form, 'showAs'),
    choice('Reminder', REMINDERS, form, 'reminder', (value) => (value === '' ? null : Number(value))),
    choice('Sensitivity', sensitivities, form, 'sensitivity'),
  ];
  const element = h(
    'div',
    { class: 'fields compose' },
    field('people', guests.element),
    field('calendar', time.element),
    field('pin', h('div', { class: 'line' }, place.element, online.element)),
    field('bell', h('div', { class: 'line choices' }, ...kinds.map((one) => one.element))),
    field('text', text.element),
  );
  const parts = [guests, time, place, text, online, ...kinds];
  return {
    heading: subject,
    element,
    show: () => {
      keep(subject, form.values.subject);
      for (const part of parts) part.show();
    },
  };
}

/**
 * @param {Parameters<typeof icon>[0]} shape
 * @param {HTMLElement} content
 */
function field(shape, content) {
  return h('div', { class: 'field' }, icon(shape), h('div', { class: 'field-content' }, content));
}

/**
 * Sets a value without moving the caret of somebody typing.
 * @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} control
 * @param {string} value
 */
function keep(control, value) {
  if (control.value !== value) control.value = value;
}

/**
 * @param {EventForm} form
 * @param {Invited[]} people
 */
function guestFields(form, people) {
  const wish = {
    read: () => form.values.invitees,
    write: (/** @type {Values['invitees']} */ invitees) => form.set({ invitees }),
    people: people.filter((one) => one.address !== form.owner.address),
  };
  const required = inviteeField({ ...wish, label: 'Invite required attendees', type: 'required' });
  const optional = inviteeField({ ...wish, label: 'Invite optional attendees', type: 'optional' });
  return {
    element: h('div', { class: 'guests' }, required.element, optional.element),
    show: () => {
      required.show();
      optional.show();
    },
  };
}

/**
 * @param {string} label
 * @param {string} placeholder
 * @param {EventForm} form
 */
function textField(label, placeholder, form) {
  const control = h('textarea', { 'aria-label': label, placeholder, rows: 6 });
  control.addEventListener('input', () => form.set({ body: control.value }));
  return { element: control, show: () => keep(control, form.values.body) };
}

/**
 * A place in words, or a room of the firm, which is then invited too.
 * @param {EventForm} form
 * @param {Invited[]} rooms
 */
function placeField(form, rooms) {
  const names = rooms.map((room) => h('option', { value: room.name }));
  const list = h('datalist', { id: 'rooms' }, ...names);
  const control = h('input', {
    'aria-label': 'Location',
    placeholder: 'Add a room or location',
    list: 'rooms',
  });
  control.addEventListener('input', () => {
    const room = rooms.find((one) => one.name === control.value);
    const guests = form.values.invitees.filter((one) => one.type !== 'resource');
    /** @type {Values['invitees']} */
    const resources = room
      ? [{ name: room.name, address: room.address, type: 'resource', response: 'none' }]
      : [];
    form.set({ location: control.value, invitees: [...guests, ...resources] });
  });
  return {
    element: h('span', { class: 'place' }, control, list),
    show: () => keep(control, form.values.location),
  };
}

/**
 * @param {string} label
 * @param {'online' | 'allDay'} name
 * @param {EventForm} form
 */
function checkbox(label, name, form) {
  const control = h('input', { type: 'checkbox', role: 'switch' });
  control.addEventListener('change', () =>
    form.set(name === 'allDay' ? wholeDays(form.values, control.checked) : { online: control.checked }),
  );
  return {
    element: h('label', { class: 'switch' }, control, h('span', {}, label)),
    show: () => {
      control.checked = form.values[name];
    },
  };
}

/**
 * @param {Values} values
 * @param {boolean} allDay
 */
function wholeDays(values, allDay) {
  const first = values.start.slice(0, 10);
  if (!allDay) return { allDay, start: `${first}T09:00`, end: `${first}T09:30` };
  const last = values.end.slice(0, 10);
  return { allDay, start: `${first}T00:00`, end: `${addDays(last, 1)}T00:00` };
}

/**
 * @param {string} label
 * @param {Record<string, string>} options
 * @param {EventForm} form
 * @param {'showAs' | 'reminder' | 'sensitivity'} name
 * @param {(value: string) => any} [read]
 */
function choice(label, options, form, name, read = (value) => value) {
  const control = h('select', { 'aria-label': label }, ...optionElements(options));
  control.addEventListener('change', () => form.set({ [name]: read(control.value) }));
  const show = () => {
    const value = String(form.values[name] ?? '');
    if (!(value in options) && ![...control.options].some((one) => one.value === value)) {
      control.append(h('option', { value }, ALL_WORDS[value] ?? value));
    }
    keep(control, value);
  };
  return { element: h('label', { class: 'choice' }, h('span', {}, label), control), show };
}

/** @param {Record<string, string>} options */
function optionElements(options) {
  const empty = Object.entries(options).filter(([value]) => value === '');
  const others = Object.entries(options).filter(([value]) => value !== '');
  return [...empty, ...others].map(([value, text]) => h('option', { value }, text));
}

/** @param {EventForm} form */
function timeFields(form) {
  const startDay = h('input', { type: 'date', 'aria-label': 'Start date', required: true });
  const startTime = h('input', { type: 'time', 'aria-label': 'Start time', required: true });
  const endDay = h('input', { type: 'date', 'aria-label': 'End date', required: true });
  const endTime = h('input', { type: 'time', 'aria-label': 'End time', required: true });
  const allDay = checkbox('All day', 'allDay', form);
  const repeats = repeatFields(form);
  const moveStart = () => {
    if (!startDay.value || !startTime.value) return;
    const { values } = form;
    const start = `${startDay.value}T${values.allDay ? '00:00' : startTime.value}`;
    const moved = (Date.parse(`${start}Z`) - Date.parse(`${values.start}Z`)) / 60_000;
    form.set({ start, end: addMinutes(values.end, moved), ...repeats.from(startDay.value) });
  };
  const moveEnd = () => {
    if (!endDay.value || !endTime.value) return;
    const { values } = form;
    const end = values.allDay
      ? `${addDays(endDay.value, 1)}T00:00`
      : `${endDay.value}T${endTime.value}`;
    form.set({ end: end > values.start ? end : addMinutes(values.start, values.allDay ? 1440 : 30) });
  };
  for (const control of [startDay, startTime]) control.addEventListener('change', moveStart);
  for (const control of [endDay, endTime]) control.addEventListener('change', moveEnd);
  const show = () => {
    const { values } = form;
    keep(startDay, values.start.slice(0, 10));
    keep(startTime, values.start.slice(11, 16));
    keep(endDay, values.allDay ? addDays(values.end.slice(0, 10), -1) : values.end.slice(0, 10));
    keep(endTime, values.end.slice(11, 16));
    startTime.hidden = values.allDay;
    endTime.hidden = values.allDay;
    allDay.show();
    repeats.show();
  };
  const element = h(
    'div',
    { class: 'times' },
    h('div', { class: 'line' }, startDay, startTime, h('span', { class: 'quiet' }, 'to'), endDay, endTime, allDay.element),
    repeats.element,
  );
  return { element, show };
}

/** @param {EventForm} form */
function repeatFields(form) {
  const kind = h('select', { 'aria-label': 'Repeat' }, ...optionElements(REPEATS));
  const until = h('input', { type: 'date', 'aria-label': 'Repeat until' });
  const untilLine = h('label', { class: 'choice' }, h('span', {}, 'Until'), until);
  const note = h('span', { class: 'quiet' });
  const isInstance = ['occurrence', 'exception'].includes(form.event?.type);
  const write = () =>
    form.set({ recurrence: recurrenceOf(kind.value, form.values.start.slice(0, 10), until.value) });
  for (const control of [kind, until]) control.addEventListener('change', write);
  const show = () => {
    const { recurrence } = form.values;
    const wanted = kindOfRecurrence(recurrence);
    if (wanted === 'other' && ![...kind.options].some((one) => one.value === 'other')) {
      kind.append(h('option', { value: 'other' }, 'As it is'));
    }
    keep(kind, wanted);
    keep(until, recurrence?.range.type === 'endDate' ? recurrence.range.endDate : '');
    untilLine.hidden = !recurrence;
    kind.hidden = isInstance;
    note.textContent = describeRecurrence({ ...form.event, recurrence });
  };
  return {
    element: h('div', { class: 'line' }, kind, untilLine, note),
    show,
    /** What a new first day means for the pattern. */
    from: (/** @type {string} */ day) =>
      form.values.recurrence && kind.value !== 'other'
        ? { recurrence: recurrenceOf(kind.value, day, until.value) }
        : {},
  };
}
