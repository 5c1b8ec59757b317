/** The week (or fewer days where there is less room): all-day row, hours, now-line. */

/** @import { Values } from './model.js' */

import { addDays, minutesOf, shortDay, timeText, weekdayName } from './dates.js';
import { h, icon } from './dom.js';
import { colourOf, lastDay, shortened, valuesOf } from './model.js';

const DAY_MINUTES = 1440;
const FIRST_HOUR_SHOWN = 7.5;
const SHORTEST_SHOWN = 24;

/**
 * @typedef {object} Scene what a view shows
 * @property {string} first day
 * @property {number} days
 * @property {any[]} events
 * @property {{ displayName: string, color: string }[]} master
 * @property {string} now wall time
 * @property {(event: any) => void} open
 * @property {(wall: string) => void} create
 * @property {(event: any) => boolean} isMovable
 */

/**
 * @param {Scene} scene
 * @param {Element} view
 */
export function showWeek(scene, view) {
  const days = Array.from({ length: scene.days }, (_, place) => addDays(scene.first, place));
  const shown = scene.events.map((event) => ({ event, values: valuesOf(event) }));
  const isLong = (/** @type {Values} */ values) =>
    values.allDay || values.start.slice(0, 10) !== lastDay(values);
  const oldScroll = view.querySelector('.week')?.scrollTop;
  const grid = h(
    'div',
    { class: 'week' },
    h(
      'div',
      { class: 'week-top' },
      header(days, scene.now),
      allDayRow(days, shown.filter(({ values }) => isLong(values)), scene),
    ),
    hours(days, shown.filter(({ values }) => !isLong(values)), scene),
  );
  grid.style.setProperty('--days', String(days.length));
  view.replaceChildren(grid);
  const hours24 = /** @type {HTMLElement} */ (grid.querySelector('.hours-grid')).offsetHeight;
  grid.scrollTop = oldScroll ?? (hours24 / 24) * FIRST_HOUR_SHOWN;
}

/**
 * @param {string[]} days
 * @param {string} now
 */
function header(days, now) {
  return h(
    'div',
    { class: 'week-head' },
    h('span', { class: 'gutter' }),
    ...days.map((day) =>
      h(
        'div',
        { class: 'day-name', 'aria-current': day === now.slice(0, 10) ? 'date' : null },
        h('span', {}, weekdayName(day)),
        h('b', {}, String(Number(day.slice(8)))),
      ),
    ),
  );
}

/**
 * @param {string[]} days
 * @param {{ event: any, values: Values }[]} shown
 * @param {Scene} scene
 */
function allDayRow(days, shown, scene) {
  const row = h('div', { class: 'all-day' }, h('span', { class: 'gutter' }, 'All day'));
  /** @type {string[]} last day taken in each line */
  const lines = [];
  const sorted = shown.toSorted((a, b) => (a.values.start < b.values.start ? -1 : 1));
  for (const { event, values } of sorted) {
    const from = Math.max(0, days.findIndex((day) => day >= values.start.slice(0, 10)));
    const last = lastDay(values);
    const to = days.findLastIndex((day) => day <= last);
    if (to < from || values.start.slice(0, 10) > days[days.length - 1]) continue;
    let line = lines.findIndex((taken) => taken < days[from]);
    if (line < 0) line = lines.length;
    lines[line] = days[to];
    const chip = eventButton(event, values, scene);
    chip.style.gridColumn = `${from + 2} / ${to + 3}`;
    chip.style.gridRow = String(line + 1);
    row.append(chip);
  }
  return row;
}

/**
 * @param {string[]} days
 * @param {{ event: any, values: Values }[]} shown
 * @param {Scene} scene
 */
function hours(days, shown, scene) {
  const gutter = h(
    'div',
    { class: 'gutter hour-names', 'aria-hidden': 'true' },
    ...Array.from({ length: 24 }, (_, hour) =>
      h('span', {}, hour ? `${String(hour).padStart(2, '0')}:00` : ''),
    ),
  );
  const columns = days.map((day) => {
    const events = shown.filter(({ values }) => values.start.slice(0, 10) === day);
    return column(day, events, scene);
  });
  return h('div', { class: 'hours-grid' }, gutter, ...columns);
}

/**
 * @param {string} day
 * @param {{ event: any, values: Values }[]} shown
 * @param {Scene} scene
 */
function column(day, shown, scene) {
  const element = h('div', {
    class: 'day-column',
    role: 'group',
    'aria-label': shortDay(day),
    'data-day': day,
    'data-today': day === scene.now.slice(0, 10),
  });
  element.addEventListener('click', (event) => {
    if (event.target !== element) return;
    const box = element.getBoundingClientRect();
    const half = Math.floor(((event.clientY - box.top) / box.height) * 48);
    const two = (/** @type {number} */ part) => String(part).padStart(2, '0');
    scene.create(`${day}T${two(Math.floor(half / 2))}:${half % 2 ? '30' : '00'}`);
  });
  for (const { event, values, left, width } of sideBySide(shown)) {
    const button = eventButton(event, values, scene);
    const start = minutesOf(values.start);
    const ends = values.end.slice(0, 10) > day ? DAY_MINUTES : minutesOf(values.end);
    const length = Math.max(SHORTEST_SHOWN, ends - start);
    button.style.top = `${(start / DAY_MINUTES) * 100}%`;
    button.style.height = `calc(${(length / DAY_MINUTES) * 100}% - 2px)`;
    button.style.left = `${left * 100}%`;
    button.style.width = `calc(${width * 100}% - 4px)`;
    button.classList.toggle('is-short', length <= 30);
    element.append(button);
  }
  if (day === scene.now.slice(0, 10)) {
    const line = h('div', { class: 'now-line', 'aria-hidden': 'true' });
    line.style.top = `${(minutesOf(scene.now) / DAY_MINUTES) * 100}%`;
    element.append(line);
  }
  return element;
}

/**
 * Events that overlap share the width of their day.
 * @param {{ event: any, values: Values }[]} shown
 */
function sideBySide(shown) {
  const sorted = shown.toSorted((a, b) =>
    a.values.start === b.values.start
      ? Number(a.values.end < b.values.end) - 0.5
      : Number(a.values.start > b.values.start) - 0.5,
  );
  /** @type {{ event: any, values: Values, left: number, width: number }[]} */
  const placed = [];
  /** @type {{ lane: number, event: any, values: Values }[]} */
  let cluster = [];
  let clusterEnd = '';
  const flush = () => {
    const lanes = 1 + Math.max(-1, ...cluster.map(({ lane }) => lane));
    for (const { lane, event, values } of cluster) {
      placed.push({ event, values, left: lane / lanes, width: 1 / lanes });
    }
    cluster = [];
  };
  for (const { event, values } of sorted) {
    if (cluster.length && values.start >= clusterEnd) flush();
    const busy = new Set(
      cluster.filter((one) => one.values.end > values.start).map(({ lane }) => lane),
    );
    let lane = 0;
    while (busy.has(lane)) lane += 1;
    clusterEnd = cluster.length && clusterEnd > values.end ? clusterEnd : values.end;
    cluster.push({ lane, event, values });
  }
  flush();
  return placed;
}

/**
 * @param {any} event
 * @param {Values} values
 * @param {Pick<Scene, 'master' | 'open' | 'isMovable'>} scene
 */
export function eventButton(event, values, scene) {
  const first = values.categories[0];
  const marks = [
    values.sensitivity !== 'normal' && 'private',
    event.type !== 'singleInstance' && 'repeats',
    event.isCancelled && 'cancelled',
    values.categories.length && `categories: ${values.categories.join(', ')}`,
  ].filter(Boolean);
  const when = values.allDay ? 'all day' : `to ${timeText(values.end)}`;
  const more = [when, shortDay(values.start.slice(0, 10)), ...marks];
  const isMovable = scene.isMovable(event);
  const keys = isMovable ? ['Drag, or Alt with the arrow keys, to move; Alt+Shift to resize'] : [];
  return h(
    'button',
    {
      type: 'button',
      class: 'event',
      'data-color': first ? colourOf(first, scene.master) : 'default',
      'data-show-as': values.showAs,
      'data-cancelled': event.isCancelled === true,
      'data-response': event.responseStatus?.response,
      'data-id': event.id,
      'data-movable': isMovable,
      id: `event-${event.id}`,
      'aria-keyshortcuts': isMovable ? 'Alt+ArrowUp Alt+ArrowDown Alt+ArrowLeft Alt+ArrowRight' : null,
      title: [shortened(values.subject) || 'No subject', ...more, ...keys].join('\n'),
      onClick: () => scene.open(event),
    },
    h('bdi', { class: 'event-title' }, shortened(values.subject) || 'No subject'),
    h(
      'span',
      { class: 'event-more' },
      values.allDay ? null : timeText(values.start),
      values.location && ` · ${values.location}`,
    ),
    h('span', { class: 'unseen' }, ` ${more.join(', ')}`),
    values.categories.length > 1 &&
      h(
        'span',
        { class: 'event-dots' },
        ...values.categories.slice(1, 5).map((name) =>
          h('i', { 'data-color': colourOf(name, scene.master) }),
        ),
      ),
    event.type !== 'singleInstance' && icon('repeat'),
    isMovable && !values.allDay && h('span', { class: 'event-end', 'aria-hidden': 'true' }),
  );
}
