/** Keys of the page, where nobody types. */

/** @import { Calendar } from './calendar.js' */
/** @import { Opening } from './opening.js' */

import { page } from './page.js';

/**
 * @param {Calendar} calendar
 * @param {Opening} opening
 */
export function listenToKeys(calendar, opening) {
  /** @type {Record<string, () => void>} */
  const keys = {
    n: () => opening.create(page.nextStart),
    t: () => void calendar.go({ day: page.today }),
    w: () => void calendar.go({ view: 'week' }),
    l: () => void calendar.go({ view: 'list' }),
    ArrowLeft: () => void calendar.step(-1),
    ArrowRight: () => void calendar.step(1),
  };
  document.addEventListener('keydown', (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const typing = target.closest('input, textarea, select, dialog, [role=separator]');
    const { desk } = opening;
    const covering = desk.isDocked ? null : desk.form;
    if (event.key === 'Escape' && covering && !typing && !covering.isDirty) desk.close();
    if (typing || covering || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
