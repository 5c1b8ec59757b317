// Instants and whole days in words, on the clock of the user's mailbox.

const DAY_MS = 86_400_000;

/** A unit is used below its limit; sizes and limits in seconds.
 * @type {{unit: Intl.RelativeTimeFormatUnit, limit: number, size: number}[]} */
const UNITS = [
  { unit: "second", limit: 60, size: 1 },
  { unit: "minute", limit: 3_600, size: 60 },
  { unit: "hour", limit: 86_400, size: 3_600 },
  { unit: "day", limit: 604_800, size: 86_400 },
];

export class Clock {
  /** @type {string | undefined} */
  #language;
  /** @type {(date: Date) => Date | null} */
  #wallClock;

  /** @param {string} language a tag such as de-DE; a malformed one falls back to the browser's
   * @param {(date: Date) => Date | null} wallClock the mailbox's clock, null = use the browser's */
  constructor(language, wallClock) {
    this.#language = supported(language);
    this.#wallClock = wallClock;
  }

  /** "Tue, 12 May 2026, 10:00" @param {string | null} iso */
  moment(iso) {
    return this.#format(iso, { ...DAY, hour: "numeric", minute: "2-digit" });
  }

  /** "5 minutes ago"; the moment itself when that is over a week ago.
   * @param {string} iso @param {number} [now] */
  ago(iso, now = Date.now()) {
    const passed = (now - Date.parse(iso)) / 1000;
    const found = UNITS.find(({ limit }) => Math.abs(passed) < limit);
    // What lies ahead was written by a clock that differs from this one.
    if (!found || passed < -60) return this.moment(iso);
    if (found.unit === "second") return "just now";
    const words = new Intl.RelativeTimeFormat(this.#language, { numeric: "auto" });
    return words.format(-Math.trunc(passed / found.size), found.unit);
  }

  /** "Tue, 12 May 2026, 10:00 – 11:00", or the days of an all-day event.
   * @param {{start: string | null, end: string | null, all_day?: boolean,
   *   start_date?: string | null, end_date?: string | null}} span */
  span({ start, end, all_day: allDay, start_date: first, end_date: last }) {
    if (!start || !end) return "";
    if (allDay) return this.#days(first ?? start, last ?? end);
    const from = this.#wall(start);
    const until = this.#wall(end);
    if (!from || !until) return "";
    return this.#formatter({ ...DAY, hour: "numeric", minute: "2-digit" }, from.zone).formatRange(
      from.date,
      until.date,
    );
  }

  /** The same span on the clock of a zone; null when the zone is not one the browser knows.
   * @param {{start: string, end: string}} span @param {string} zone */
  spanIn({ start, end }, zone) {
    try {
      const formatter = this.#formatter({ ...DAY, hour: "numeric", minute: "2-digit" }, zone);
      return formatter.formatRange(new Date(start), new Date(end));
    } catch {
      return null;
    }
  }

  /** Day and time as form fields take them: "2026-05-12" and "10:00".
   * @param {string | null} iso */
  parts(iso) {
    const wall = iso ? this.#wall(iso) : null;
    if (!wall) return { date: "", time: "" };
    const text = new Date(wallTime(wall)).toISOString();
    return { date: text.slice(0, 10), time: text.slice(11, 16) };
  }

  /** The instant at which the mailbox's clock shows this; where a clock leaps over it, an hour on.
   * @param {string} date @param {string} time @returns {string | null} */
  instant(date, time) {
    const wanted = Date.parse(`${date}T${time}Z`);
    let at = wanted;
    // The offset itself depends on the instant: twice is enough, once more for the day of a change.
    for (let tries = 0; tries < 3 && !Number.isNaN(at); tries += 1) {
      const wall = this.#wall(new Date(at).toISOString());
      at += wanted - (wall ? wallTime(wall) : at);
    }
    return Number.isNaN(at) ? null : new Date(at).toISOString();
  }

  /** All-day events are dates; no clock may shift them. The end is exclusive.
   * @param {string} start @param {string} end */
  #days(start, end) {
    const first = new Date(`${start.slice(0, 10)}T00:00:00Z`);
    const last = new Date(Date.parse(`${end.slice(0, 10)}T00:00:00Z`) - DAY_MS);
    if (Number.isNaN(first.getTime()) || Number.isNaN(last.getTime())) return "";
    const formatter = this.#formatter(DAY, "UTC");
    return last > first ? formatter.formatRange(first, last) : formatter.format(first);
  }

  /** @param {string | null} iso @param {Intl.DateTimeFormatOptions} options */
  #format(iso, options) {
    const wall = iso ? this.#wall(iso) : null;
    return wall ? this.#formatter(options, wall.zone).format(wall.date) : "";
  }

  /** @param {string} iso */
  #wall(iso) {
    const date = new Date(iso);
    if (Number.isNaN(date.getTime())) return null;
    const wall = this.#wallClock(date);
    return wall ? { date: wall, zone: "UTC" } : { date, zone: undefined };
  }

  /** @param {Intl.DateTimeFormatOptions} options @param {string | undefined} timeZone */
  #formatter(options, timeZone) {
    return new Intl.DateTimeFormat(this.#language, { ...options, timeZone });
  }
}

/** What a clock shows, as the milliseconds of the same moment in UTC.
 * @param {{date: Date, zone: string | undefined}} wall */
function wallTime({ date, zone }) {
  if (zone === "UTC") return date.getTime();
  return date.getTime() - date.getTimezoneOffset() * 60_000;
}

/** @type {Intl.DateTimeFormatOptions} */
const DAY = { weekday: "short", day: "numeric", month: "short", year: "numeric" };

/** @param {string} language */
function supported(language) {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf([language])[0];
  } catch {
    return undefined;
  }
}
