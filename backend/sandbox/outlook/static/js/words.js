/** Sentences about an event. */

/** @type {Record<string, string>} */
const KINDS = {
  daily: 'day',
  weekly: 'week',
  absoluteMonthly: 'month',
  relativeMonthly: 'month',
  absoluteYearly: 'year',
  relativeYearly: 'year',
};

/**
 * @param {any} event Graph event
 * @returns {string} empty for a single one
 */
export function describeRecurrence(event) {
  if (event.recurrence) {
    const { pattern, range } = event.recurrence;
    const unit = KINDS[pattern.type] ?? 'time';
    const every = pattern.interval > 1 ? `every ${pattern.interval} ${unit}s` : `every ${unit}`;
    const days = pattern.type === 'weekly' ? ` on ${pattern.daysOfWeek.map(shortName).join(', ')}` : '';
    const until = range.type === 'endDate' ? ` until ${range.endDate}` : '';
    return `Repeats ${every}${days}${until}`;
  }
  if (event.type === 'occurrence') return 'One occurrence of a series';
  if (event.type === 'exception') return 'A changed occurrence of a series';
  return '';
}

/** @param {string} day */
function shortName(day) {
  return day.charAt(0).toUpperCase() + day.slice(1, 3);
}
