/** Days and wall-clock times in one time zone. Days are 'YYYY-MM-DD', walls 'YYYY-MM-DDTHH:mm'. */

export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

/** @type {Record<string, string>} */
const WINDOWS_NAMES = {
  'America/Chicago': 'Central Standard Time',
  'America/Denver': 'Mountain Standard Time',
  'America/Los_Angeles': 'Pacific Standard Time',
  'America/New_York': 'Eastern Standard Time',
  'Asia/Kolkata': 'India Standard Time',
  'Asia/Shanghai': 'China Standard Time',
  'Asia/Singapore': 'Singapore Standard Time',
  'Asia/Tokyo': 'Tokyo Standard Time',
  'Australia/Sydney': 'AUS Eastern Standard Time',
  'Europe/Amsterdam': 'W. Europe Standard Time',
  'Europe/Berlin': 'W. Europe Standard Time',
  'Europe/Brussels': 'Romance Standard Time',
  'Europe/London': 'GMT Standard Time',
  'Europe/Madrid': 'Romance Standard Time',
  'Europe/Paris': 'Romance Standard Time',
  'Europe/Vienna': 'W. Europe Standard Time',
  'Europe/Warsaw': 'Central European Standard Time',
  'Europe/Zurich': 'W. Europe Standard Time',
};
export const WINDOWS_ZONE = WINDOWS_NAMES[ZONE] ?? 'UTC';
/** The zone as this Outlook writes it into events. */
export const EXCHANGE_ZONE = WINDOWS_NAMES[ZONE] ?? ZONE;

const wallFormat = new Intl.DateTimeFormat('en-CA', {
  timeZone: ZONE,
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
});

/** @param {Date} moment */
export function wallOf(moment) {
  const parts = Object.fromEntries(wallFormat.formatToParts(moment).map((p) => [p.type, p.value]));
  return `${parts.year.padStart(4, '0')}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}

/**
 * The moment at which clocks of the zone show the wall time; two looks settle daylight saving.
 * @param {string} wall
 */
export function momentOf(wall) {
  const wanted = Date.parse(`${wall}:00Z`);
  let guess = wanted;
  for (let look = 0; look < 2; look += 1) {
    guess += wanted - Date.parse(`${wallOf(new Date(guess))}:00Z`);
  }
  return new Date(guess);
}

/**
 * @param {{ dateTime: string, timeZone: string }} graph a dateTimeTimeZone in UTC
 */
export function fromGraph(graph) {
  return new Date(`${graph.dateTime.slice(0, 19)}Z`);
}

/** @param {string} day */
const atNoon = (day) => new Date(`${day}T12:00:00Z`);

/**
 * @param {string} day
 * @param {number} days
 */
export function addDays(day, days) {
  return new Date(atNoon(day).getTime() + days * 86_400_000).toISOString().slice(0, 10);
}

/**
 * @param {string} day
 * @param {number} months
 */
export function addMonths(day, months) {
  const [year, month] = day.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1 + months, 1, 12)).toISOString().slice(0, 10);
}

/** 0 for Monday … 6 for Sunday. */
export function weekday(/** @type {string} */ day) {
  return (atNoon(day).getUTCDay() + 6) % 7;
}

/** @param {string} day */
export function mondayOf(day) {
  return addDays(day, -weekday(day));
}

/**
 * @param {string} first
 * @param {string} last
 */
export function daysBetween(first, last) {
  return Math.round((atNoon(last).getTime() - atNoon(first).getTime()) / 86_400_000);
}

/** @param {string} wall */
export function minutesOf(wall) {
  return Number(wall.slice(11, 13)) * 60 + Number(wall.slice(14, 16));
}

/**
 * @param {string} wall
 * @param {number} minutes
 */
export function addMinutes(wall, minutes) {
  return new Date(Date.parse(`${wall}:00Z`) + minutes * 60_000).toISOString().slice(0, 16);
}

/** @param {Intl.DateTimeFormatOptions} options */
const format = (options) => new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', ...options });
const LONG_DAY = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const SHORT_DAY = format({ weekday: 'short', day: 'numeric', month: 'short' });
const MONTH = format({ month: 'long', year: 'numeric' });
const WEEKDAY = format({ weekday: 'short' });

export const longDay = (/** @type {string} */ day) => LONG_DAY.format(atNoon(day));
export const shortDay = (/** @type {string} */ day) => SHORT_DAY.format(atNoon(day));
export const monthName = (/** @type {string} */ day) => MONTH.format(atNoon(day));
export const weekdayName = (/** @type {string} */ day) => WEEKDAY.format(atNoon(day));

/** "11:30", or "29 Nov 11:30" where the day is another one than expected. */
export function timeText(/** @type {string} */ wall, /** @type {string} */ day = wall.slice(0, 10)) {
  const time = wall.slice(11, 16);
  return wall.slice(0, 10) === day ? time : `${shortDay(wall.slice(0, 10))} ${time}`;
}
