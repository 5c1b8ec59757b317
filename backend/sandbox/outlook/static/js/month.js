/** The small month in the rail: a date picker. */

import { addDays, addMonths, longDay, mondayOf, monthName } from './dates.js';
import { h, icon, refill } from './dom.js';

const WEEKS = 6;

/**
 * @param {(day: string) => void} choose
 */
export function monthPicker(choose) {
  const element = h('div', { class: 'month', role: 'group', 'aria-label': 'Date picker' });
  let month = '';
  /** @type {[string, number, string]} first day shown, how many, today */
  let marked = ['', 0, ''];

  function show() {
    const [first, days, today] = marked;
    const last = first ? addDays(first, days - 1) : '';
    const start = mondayOf(month);
    const turn = (/** @type {number} */ months) => {
      month = addMonths(month, months);
      show();
    };
    refill(
      element,
      h(
        'div',
        { class: 'month-head' },
        h('b', { 'aria-live': 'polite' }, monthName(month)),
        turnButton('Previous month', 'back', () => turn(-1)),
        turnButton('Next month', 'forward', () => turn(1)),
      ),
      h(
        'div',
        { class: 'month-days' },
        ...['M', 'T', 'W', 'T', 'F', 'S', 'S'].map((letter) =>
          h('span', { class: 'month-letter', 'aria-hidden': 'true' }, letter),
        ),
        ...Array.from({ length: WEEKS * 7 }, (_, place) => addDays(start, place)).map((day) =>
          h(
            'button',
            {
              type: 'button',
              'aria-label': longDay(day),
              'aria-current': day === today ? 'date' : null,
              'data-shown': day >= first && day <= last,
              'data-other': day.slice(0, 7) !== month.slice(0, 7),
              onClick: () => choose(day),
            },
            String(Number(day.slice(8))),
          ),
        ),
      ),
    );
  }

  return {
    element,
    /**
     * @param {string} first
     * @param {number} days
     * @param {string} today
     */
    mark: (first, days, today) => {
      marked = [first, days, today];
      const middle = addDays(first, Math.floor(days / 2));
      month = `${middle.slice(0, 7)}-01`;
      show();
    },
  };
}

/**
 * @param {string} label
 * @param {'back' | 'forward'} shape
 * @param {() => void} act
 */
function turnButton(label, shape, act) {
  return h(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': label, onClick: act },
    icon(shape),
  );
}
