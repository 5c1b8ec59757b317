/** The bar above the calendar and the rail beside it. */

import { avatar } from './avatar.js';
import { addDays, monthName, shortDay } from './dates.js';
import { h, icon, refill } from './dom.js';

/**
 * @typedef {object} Steer
 * @property {() => void} create
 * @property {() => void} today
 * @property {(steps: number) => void} step
 * @property {(view: string) => void} view
 * @property {() => void} toggleRail
 */

/**
 * @param {Element} toolbar
 * @param {{ view: string, first: string, days: number }} shown
 * @param {Steer} steer
 */
export function showToolbar(toolbar, shown, steer) {
  const kind = (/** @type {string} */ name, /** @type {string} */ label, /** @type {'calendar' | 'list'} */ shape) =>
    h(
      'button',
      {
        type: 'button',
        class: 'command',
        'aria-label': label,
        'aria-pressed': shown.view === name,
        onClick: () => steer.view(name),
      },
      icon(shape),
      h('span', {}, label),
    );
  refill(
    toolbar,
    h(
      'button',
      { type: 'button', class: 'icon-button rail-toggle', 'aria-label': 'Calendars', onClick: steer.toggleRail },
      icon('list'),
    ),
    h(
      'button',
      { type: 'button', class: 'command primary', id: 'new-event', 'aria-label': 'New event', onClick: steer.create },
      icon('plus'),
      h('span', {}, 'New event'),
    ),
    h('button', { type: 'button', class: 'command', 'aria-label': 'Today', onClick: steer.today }, icon('calendar'), h('span', {}, 'Today')),
    step('Previous', 'back', () => steer.step(-1)),
    step('Next', 'forward', () => steer.step(1)),
    h('h1', { class: 'range', 'aria-live': 'polite' }, rangeText(shown.first, shown.days)),
    h('span', { class: 'spacer' }),
    h('span', { class: 'segments', role: 'group', 'aria-label': 'View' }, kind('week', 'Week', 'calendar'), kind('list', 'List', 'list')),
  );
}

/**
 * @param {string} label
 * @param {'back' | 'forward'} shape
 * @param {() => void} act
 */
function step(label, shape, act) {
  return h('button', { type: 'button', class: 'icon-button', 'aria-label': label, onClick: act }, icon(shape));
}

/**
 * @param {string} first
 * @param {number} days
 */
function rangeText(first, days) {
  if (days === 1) return shortDay(first);
  const last = addDays(first, days - 1);
  if (first.slice(0, 7) === last.slice(0, 7)) return monthName(first);
  return `${shortDay(first)} – ${shortDay(last)}`;
}

/**
 * @typedef {{ name: string, address: string }} CalendarOwner
 *
 * @param {CalendarOwner[]} calendars first the person's own
 * @param {string} shown address of the owner of the calendar on the screen
 * @param {(owner: CalendarOwner) => void} choose
 * @param {() => void} openAnother
 */
export function calendarList(calendars, shown, choose, openAnother) {
  return h(
    'div',
    { class: 'calendars' },
    h('h2', {}, 'Calendars'),
    ...calendars.map((owner, place) =>
      h(
        'button',
        {
          type: 'button',
          class: 'calendar-row',
          'aria-pressed': String(owner.address === shown),
          onClick: () => choose(owner),
        },
        avatar(owner.name),
        h('span', {}, place ? owner.name : 'My calendar'),
      ),
    ),
    h('button', { type: 'button', class: 'calendar-row open-shared', onClick: openAnother }, icon('plus'), h('span', {}, 'Open shared calendar…')),
  );
}
