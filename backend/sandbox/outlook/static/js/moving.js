/** Gives an event other times, as dragging does, and offers to take it back. */

import * as api from './api.js';
import { momentOf, shortDay, timeText, weekdayName } from './dates.js';
import { lastDay, patchOf, valuesOf } from './model.js';
import { page } from './page.js';
import { say } from './popup.js';

/**
 * @typedef {{ load: () => Promise<unknown>, show: () => void }} Redraw
 *
 * @param {any} event Graph event
 * @param {string} start wall time
 * @param {string} end wall time
 * @param {Redraw} calendar
 */
export async function moveEvent(event, start, end, calendar) {
  const before = valuesOf(event);
  if (start === before.start && end === before.end) {
    calendar.show();
    return;
  }
  const owner = page.owner.address;
  const acting = page.person.address;
  const now = { ...before, start, end };
  const focused = document.activeElement?.id;
  Object.assign(event, { start: asGraph(start, event), end: asGraph(end, event) });
  calendar.show();
  try {
    await api.change(owner, event.id, patchOf(before, now), acting);
  } catch (error) {
    say(/** @type {Error} */ (error).message, true);
    await calendar.load();
    return;
  }
  await calendar.load();
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  say(`${sentence(event, start, end)}${told(event)}`, false, {
    label: 'Undo',
    act: async () => {
      try {
        await api.change(owner, event.id, patchOf(now, before), acting);
        say('Moved back.');
      } catch (error) {
        say(/** @type {Error} */ (error).message, true);
      }
      await calendar.load();
    },
  });
}

/**
 * As the control plane would answer: in UTC, whole days as they are.
 * @param {string} wall
 * @param {any} event
 */
function asGraph(wall, event) {
  const dateTime = event.isAllDay ? `${wall}:00` : momentOf(wall).toISOString().slice(0, 19);
  return { dateTime: `${dateTime}.0000000`, timeZone: 'UTC' };
}

/**
 * @param {any} event
 * @param {string} start
 * @param {string} end
 */
function sentence(event, start, end) {
  const what = event.type === 'singleInstance' ? 'Moved' : 'This occurrence moved';
  const first = start.slice(0, 10);
  if (event.isAllDay) return `${what} to ${shortDay(first)}.`;
  const last = lastDay({ ...valuesOf(event), start, end, allDay: false });
  const until = last === first ? timeText(end) : `${weekdayName(last)} ${timeText(end)}`;
  return `${what} to ${shortDay(first)}, ${timeText(start)} – ${until}.`;
}

/** @param {any} event */
function told(event) {
  const others = (event.attendees ?? []).length;
  if (!others || event.isDraft) return '';
  return ` ${others === 1 ? 'One attendee gets' : `${others} attendees get`} an update.`;
}
