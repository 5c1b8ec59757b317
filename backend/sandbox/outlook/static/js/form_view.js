/** The open event on the screen: commands above, the fields below, what the sandbox knows beside. */

/** @import { EventForm } from './form.js' */

import { avatar } from './avatar.js';
import { composeFields } from './compose_fields.js';
import { h, icon, refill } from './dom.js';
import { answerOf } from './invitees.js';
import { colourOf, lastDay } from './model.js';
import { longDay, timeText } from './dates.js';
import { attempt, confirmed, menuButton, say } from './popup.js';
import { describeRecurrence } from './words.js';

/**
 * @typedef {object} Acts
 * @property {() => void} close
 * @property {() => void} togglePane
 * @property {(on: boolean) => void} keepCategories
 * @property {() => boolean} keepsCategories
 * @property {(id: string) => void} openOther another event, such as the series of an occurrence
 *
 * @typedef {Acts & import('./compose_fields.js').Offer} Around
 */

/**
 * @param {EventForm} form
 * @param {Around} around
 */
export function formView(form, around) {
  const commands = h('div', { class: 'commands', role: 'toolbar', 'aria-label': 'Event' });
  const notices = h('div', { class: 'notices', 'aria-live': 'polite' });
  const fields = form.surface === 'compose' ? composeFields(form, around) : readFields(form);
  const tags = h('div', { class: 'tags', role: 'group', 'aria-label': 'Categories' });
  let isStale = false;
  const showCommands = () => {
    // Not under the finger in an open menu: it would close, or lose the click.
    isStale = commands.querySelector('.menu:not([hidden])') !== null;
    if (!isStale) refill(commands, ...commandButtons(form, around));
  };
  commands.addEventListener('focusout', ({ relatedTarget }) => {
    if (isStale && !commands.contains(/** @type {Node | null} */ (relatedTarget))) showCommands();
  });
  const showFields = () => {
    refill(tags, ...categoryTags(form));
    fields.show();
  };
  form.onChange((names) => {
    showFields();
    if (names.includes('event') || names.includes('invitees')) showCommands();
  });
  showFields();
  showCommands();
  return {
    commands,
    element: h('div', { class: 'form-body' }, notices, standing(form, around), fields.heading, tags, fields.element),
    /** @param {Map<string, any>} shown */
    showNotices: (shown) =>
      refill(
        notices,
        ...[...shown.values()].map((notice) =>
          h('p', { class: `notice ${notice.type}` }, icon('puzzle'), notice.message),
        ),
      ),
  };
}

/**
 * Whose event it is and how much of a series, where that is not obvious.
 * @param {EventForm} form
 * @param {Around} around
 */
function standing(form, around) {
  const { event, owner, person } = form;
  const master = event?.seriesMasterId;
  const isSeries = event?.type === 'seriesMaster';
  return h(
    'div',
    { class: 'standing' },
    form.isShared &&
      h('p', { class: 'standing-line' }, icon('people'), `${person.name} acts for ${owner.name}.`),
    (master || isSeries) &&
      h(
        'p',
        { class: 'standing-line' },
        icon('repeat'),
        isSeries ? 'The whole series: changes reach every occurrence.' : 'One occurrence of a series.',
        master &&
          h(
            'button',
            { type: 'button', class: 'link-button', onClick: () => around.openOther(master) },
            'Edit the whole series',
          ),
      ),
  );
}

/** @param {EventForm} form */
function categoryTags(form) {
  return form.values.categories.map((name) =>
    h('span', { class: 'tag', 'data-color': colourOf(name, form.master) }, name),
  );
}

/**
 * @param {EventForm} form
 * @param {Around} around
 */
function commandButtons(form, around) {
  const own = form.surface === 'compose' ? composeCommands(form, around) : readCommands(form, around);
  return [
    ...own,
    form.isEditor && categoriesMenu(form),
    h('span', { class: 'spacer' }),
    h(
      'button',
      {
        type: 'button',
        class: 'command',
        id: 'toggle-pane',
        'aria-label': 'InterAction',
        title: 'InterAction',
        onClick: around.togglePane,
      },
      icon('puzzle'),
      h('span', {}, 'InterAction'),
    ),
    h(
      'button',
      {
        type: 'button',
        class: 'icon-button',
        'aria-label': 'Close event',
        onClick: async () => {
          const leaves =
            !form.isDirty || (await confirmed('Leave this event?', 'Your changes are not saved.', 'Leave'));
          if (leaves) around.close();
        },
      },
      icon('close'),
    ),
  ];
}

/**
 * @param {string} label
 * @param {Parameters<typeof icon>[0]} shape
 * @param {() => unknown} act
 * @param {string} [kind]
 */
function command(label, shape, act, kind = '') {
  return h(
    'button',
    { type: 'button', class: `command ${kind}`, 'aria-label': label, title: label, onClick: act },
    icon(shape),
    h('span', {}, label),
  );
}

/**
 * @param {EventForm} form
 * @param {Around} around
 */
function composeCommands(form, around) {
  const save = async () => {
    if (await attempt(() => form.save(false))) say('Saved.');
  };
  const send = async () => {
    if (!(await attempt(() => form.save(true)))) return;
    say('Sent.');
    around.close();
  };
  const leave = async (/** @type {() => Promise<unknown>} */ act) => {
    if (await attempt(act)) around.close();
  };
  const isSent = form.event && form.isMeeting && !form.event.isDraft;
  return [
    form.isMeeting && command(isSent ? 'Send update' : 'Send', 'send', send, 'primary'),
    command('Save', 'save', save, form.isMeeting ? '' : 'primary'),
    form.wasNew && command('Discard', 'trash', () => leave(() => form.discard())),
    !form.wasNew && isSent && command('Cancel meeting', 'trash', () => cancel(form, leave)),
    !form.wasNew && !isSent && command('Delete', 'trash', () => leave(() => form.remove())),
    form.event?.seriesMasterId &&
      command('Open series', 'repeat', () => around.openOther(form.event.seriesMasterId)),
  ];
}

/**
 * @param {EventForm} form
 * @param {(act: () => Promise<unknown>) => Promise<void>} leave
 */
async function cancel(form, leave) {
  const agreed = await confirmed(
    'Cancel this meeting?',
    'Everybody invited gets a cancellation.',
    'Cancel meeting',
  );
  if (agreed) await leave(() => form.cancel(''));
}

/**
 * @param {EventForm} form
 * @param {Around} around
 */
function readCommands(form, around) {
  const respond = (/** @type {'accept' | 'tentative' | 'decline'} */ response) => async () => {
    if (!(await attempt(() => form.respond(response)))) return;
    say('Your answer was sent.');
    if (response === 'decline') around.close();
  };
  if (!form.isEditor) return [];
  const answers = !form.event.isOrganizer && !form.event.isCancelled;
  return [
    answers && command('Accept', 'accept', respond('accept')),
    answers && command('Tentative', 'bell', respond('tentative')),
    answers && command('Decline', 'close', respond('decline')),
    command('Delete', 'trash', async () => {
      if (await attempt(() => form.remove())) around.close();
    }),
    form.event.seriesMasterId &&
      command('Open series', 'repeat', () => around.openOther(form.event.seriesMasterId)),
  ];
}

/** @param {EventForm} form */
function categoriesMenu(form) {
  return menuButton(
    [icon('tag'), h('span', {}, 'Categorize'), icon('chevron')],
    { class: 'command', 'aria-label': 'Categorize', title: 'Categorize' },
    () => {
      const names = new Set(form.values.categories);
      const unknown = [...names].filter((name) => colourOf(name, form.master) === 'none');
      const all = [...form.master, ...unknown.map((displayName) => ({ displayName, color: 'none' }))];
      if (!all.length) return [h('p', { class: 'quiet' }, 'This mailbox has no categories.')];
      return all.map(({ displayName, color }) => {
        const box = h('input', { type: 'checkbox', '.checked': names.has(displayName) });
        box.addEventListener('change', () => {
          const others = form.values.categories.filter((name) => name !== displayName);
          const wanted = box.checked ? [...others, displayName] : others;
          void attempt(() => form.categorise(wanted));
        });
        return h(
          'label',
          { class: 'menu-row' },
          box,
          h('i', { class: 'swatch', 'data-color': color.toLowerCase() }),
          displayName,
        );
      });
    },
  );
}

/** @param {EventForm} form */
function readFields(form) {
  const heading = h('h1', { class: 'read-title' });
  const element = h('div', { class: 'fields read' });
  const row = (
    /** @type {Parameters<typeof icon>[0]} */ shape,
    /** @type {import('./dom.js').Child[]} */ ...content
  ) => h('div', { class: 'field' }, icon(shape), h('div', { class: 'field-content' }, ...content));
  const show = () => {
    const { values, event } = form;
    refill(heading, event.isCancelled && 'Canceled: ', values.subject || 'No subject');
    refill(
      element,
      row('calendar', whenText(values), h('span', { class: 'quiet' }, describeRecurrence(event))),
      values.location && row('pin', values.location),
      values.online && row('video', joinLink(event)),
      row('people', h('div', { class: 'attendees' }, ...attendees(form))),
      values.sensitivity !== 'normal' && row('lock', `Sensitivity: ${values.sensitivity}`),
      values.reminder !== null && row('bell', `${values.reminder} minutes before · ${values.showAs}`),
      values.body && row('text', h('div', { class: 'event-text' }, values.body)),
    );
  };
  return { heading, element, show };
}

/** @param {import('./model.js').Values} values */
function whenText(values) {
  const first = values.start.slice(0, 10);
  const last = lastDay(values);
  if (values.allDay) return first === last ? longDay(first) : `${longDay(first)} – ${longDay(last)}`;
  return `${longDay(first)}, ${timeText(values.start)} – ${timeText(values.end, first)}`;
}

/** @param {any} event */
function joinLink(event) {
  const address = event.onlineMeeting?.joinUrl ?? '';
  return address.startsWith('https://')
    ? h('a', { href: address, rel: 'noreferrer', target: '_blank' }, 'Join the Teams meeting')
    : 'Teams meeting';
}

/** @param {EventForm} form */
function attendees(form) {
  const { organizer } = form;
  const line = (/** @type {string} */ name, /** @type {string} */ note, kind = 'none') =>
    h(
      'span',
      { class: `attendee response-${kind}` },
      avatar(name),
      h('span', { class: 'person-text' }, h('b', {}, name), h('span', {}, note)),
    );
  return [
    line(organizer.name, 'Organizer', 'organizer'),
    ...form.values.invitees.map((one) =>
      line(one.name, `${answerOf(one)}${one.type === 'required' ? '' : ` · ${one.type}`}`, one.response),
    ),
  ];
}
