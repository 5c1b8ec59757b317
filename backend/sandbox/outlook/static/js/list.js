/** The same days as a list: one line per event. */

/** @import { Scene } from './week.js' */

import { addDays, longDay, timeText } from './dates.js';
import { h } from './dom.js';
import { colourOf, lastDay, shortened, valuesOf } from './model.js';

/**
 * @param {Scene} scene
 * @param {Element} view
 */
export function showList(scene, view) {
  const shown = scene.events
    .map((event) => ({ event, values: valuesOf(event) }))
    .toSorted((a, b) => (a.values.start < b.values.start ? -1 : 1));
  const days = Array.from({ length: scene.days }, (_, place) => addDays(scene.first, place));
  const sections = days.map((day) => {
    const today = shown.filter(
      ({ values }) => values.start.slice(0, 10) <= day && lastDay(values) >= day,
    );
    if (!today.length && day !== scene.now.slice(0, 10)) return null;
    return h(
      'section',
      { class: 'list-day', 'data-today': day === scene.now.slice(0, 10) },
      h('h2', {}, longDay(day)),
      ...today.map(({ event, values }) => row(event, values, day, scene)),
      today.length === 0 && h('p', { class: 'quiet' }, 'Nothing planned.'),
    );
  });
  const isEmpty = sections.every((section) => section === null);
  view.replaceChildren(
    h(
      'div',
      { class: 'list' },
      ...(isEmpty ? [h('p', { class: 'quiet' }, 'No events in these days.')] : sections),
    ),
  );
}

/**
 * @param {any} event
 * @param {import('./model.js').Values} values
 * @param {string} day
 * @param {Scene} scene
 */
function row(event, values, day, scene) {
  const color = values.categories[0] ? colourOf(values.categories[0], scene.master) : 'default';
  const organizer = event.organizer?.emailAddress?.name ?? '';
  return h(
    'button',
    {
      type: 'button',
      class: 'list-row',
      'data-color': color,
      'data-cancelled': event.isCancelled === true,
      onClick: () => scene.open(event),
    },
    h(
      'span',
      { class: 'list-time' },
      values.allDay ? 'All day' : `${timeText(values.start, day)} – ${timeText(values.end, day)}`,
    ),
    h(
      'span',
      { class: 'list-text' },
      h('bdi', { class: 'list-subject' }, shortened(values.subject) || 'No subject'),
      h('span', {}, [values.location, organizer].filter(Boolean).join(' · ')),
    ),
    h(
      'span',
      { class: 'list-tags' },
      ...values.categories.map((name) =>
        h('span', { class: 'tag', 'data-color': colourOf(name, scene.master) }, name),
      ),
    ),
  );
}
