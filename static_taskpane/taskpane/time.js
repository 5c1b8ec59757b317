// Instants and whole days in words, on the clock of the user's mailbox.

const DAY_MS = 86_400_000;

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
