/** Who looks at which calendar and which days: the state of the page and what follows from it. */

/** @import { Delegation, Invited, Somebody } from './people.js' */

import { addDays, mondayOf, wallOf } from './dates.js';
import { remember, remembered } from './memory.js';
import { isHidden, mayEdit, strangersIn } from './sharing.js';

const LIST_DAYS = 14;
const SHARED_KEY = 'outlook-shared-calendars';

/** Everything the page knows; views read it, `main.js` and the calendar change it. */
class PageState {
  /** @type {Somebody[]} */
  people = [];
  /** @type {Somebody} */
  person = /** @type {any} */ (null);
  /** @type {Somebody} */
  owner = /** @type {any} */ (null);
  view = 'week';
  day = '';
  /** @type {any[]} */
  events = [];
  /** @type {{ id?: string, displayName: string, color: string }[]} */
  master = [];
  /** @type {string | null} */
  paneUrl = null;
  /** @type {Invited[]} */
  groups = [];
  /** @type {Invited[]} */
  rooms = [];
  /** @type {Delegation[]} */
  delegations = [];
  /** The sandbox's clock minus ours, in milliseconds. */
  clockLead = 0;

  now() {
    return wallOf(new Date(Date.now() + this.clockLead));
  }

  get today() {
    return this.now().slice(0, 10);
  }

  /** How many days fit: a week, three days or one. */
  get days() {
    if (this.view === 'list') return LIST_DAYS;
    const { innerWidth } = window;
    return innerWidth < 520 ? 1 : innerWidth < 860 ? 3 : 7;
  }

  get firstDay() {
    if (this.days === 7) return mondayOf(this.day);
    if (this.view === 'list') return this.day === this.today ? this.day : mondayOf(this.day);
    return this.day;
  }

  /** @param {number} screens */
  dayAfter(screens) {
    return addDays(this.firstDay, screens * this.days);
  }

  /** When a new event would begin. */
  get nextStart() {
    if (this.day !== this.today) return `${this.day}T09:00`;
    const [hours, minutes] = this.now().slice(11).split(':').map(Number);
    const half = Math.min(47, hours * 2 + (minutes < 30 ? 1 : 2));
    return `${this.day}T${String(Math.floor(half / 2)).padStart(2, '0')}:${half % 2 ? '30' : '00'}`;
  }

  /** Whether the person may change the calendar on the screen. */
  get isEditor() {
    return mayEdit(this.delegations, this.owner, this.person);
  }

  /** @param {any} event */
  isHidden(event) {
    return isHidden(event, this.delegations, this.owner, this.person);
  }

  /** @param {any} event whether it can be dragged: by its organizer, in a calendar he may change */
  isMovable(event) {
    return this.isEditor && event.isOrganizer && !event.isCancelled && !this.isHidden(event);
  }

  /** Whom an invitation may go to. */
  get invitable() {
    const known = [...this.people, ...this.groups];
    return [...known, ...strangersIn(this.events, [...known, ...this.rooms])];
  }

  /** Rooms of the owner's firm. */
  get roomsNearby() {
    return this.rooms.filter((room) => room.tenantId === this.owner.tenantId);
  }

  /** @param {string} key address or id */
  personAt(key) {
    const wanted = key.toLowerCase();
    return this.people.find((one) => one.address.toLowerCase() === wanted || one.id === wanted);
  }

  /** The person's own calendar first, then those he opened. */
  get calendars() {
    const opened = (sharedCalendars()[this.person.address] ?? []).map((key) => this.personAt(key));
    const known = /** @type {Somebody[]} */ (opened.filter(Boolean));
    const shown = [this.person, ...known];
    return shown.includes(this.owner) ? shown : [...shown, this.owner];
  }

  /** Whose calendars are shared with the person. */
  get sharers() {
    const owners = this.delegations.filter((one) => one.delegate === this.person.address);
    return this.people.filter((one) => owners.some(({ owner }) => owner === one.address));
  }

  /** @param {Somebody} owner from now on among the person's calendars */
  keepShared(owner) {
    const all = sharedCalendars();
    const { address } = this.person;
    all[address] = [...new Set([...(all[address] ?? []), owner.address])];
    remember(SHARED_KEY, all);
  }
}

export const page = new PageState();

/** @returns {Record<string, string[]>} addresses of opened calendars by the person's address */
function sharedCalendars() {
  return remembered(SHARED_KEY);
}
