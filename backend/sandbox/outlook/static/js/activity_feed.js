/** What happens in the sandbox as lines of one kind: calls, mails, change notifications. */

import * as api from './api.js';
import { wallOf } from './dates.js';

const MOST_KEPT = 400;
const FIRST_LOOK = 150;
const LONG_ID = /[A-Za-z0-9_=-]{25,}/g;
/** Microsoft's own id for all Office clients together. */
const OFFICE = 'ea5a67f6-b6f3-4338-b240-c655ddc3cc8e';

/** @typedef {'graph' | 'login' | 'outlook' | 'mail' | 'notification'} Kind */
/**
 * @typedef {object} Line
 * @property {number} moment milliseconds
 * @property {string} time wall clock
 * @property {Kind} kind
 * @property {string} label shown as a mark
 * @property {string} what
 * @property {string} full the whole of it, for a hint
 * @property {string} who
 * @property {string} outcome
 * @property {boolean} isBad
 * @property {boolean} byApp a mail that an application caused
 */

export class ActivityFeed {
  /** @param {any} clients `/_sandbox/state` */
  constructor(clients = {}) {
    /** @type {Line[]} newest first */
    this.lines = [];
    this.names = new Map(Object.entries(clients).map(([name, { client_id: id }]) => [id, name]));
    this.names.set(OFFICE, 'Outlook');
    this.nextRequest = -1;
    this.mails = 0;
    this.delivered = '';
    /** @type {Set<string>} lines of that very moment */
    this.deliveredThen = new Set();
  }

  clear() {
    this.lines = [];
  }

  /** Reads what is new; answers whether there was anything. */
  async read() {
    const [requests, mails, deliveries] = await Promise.all([
      this.newRequests(),
      this.newMails(),
      this.newDeliveries(),
    ]);
    const fresh = [...requests, ...mails, ...deliveries];
    if (!fresh.length) return false;
    fresh.sort((one, other) => other.moment - one.moment);
    this.lines = [...fresh, ...this.lines].slice(0, MOST_KEPT);
    return true;
  }

  async newRequests() {
    if (this.nextRequest < 0) {
      // A number nobody has reached yet: answers none of the lines and how many there are.
      const { next } = await api.requests(Number.MAX_SAFE_INTEGER);
      this.nextRequest = Math.max(0, next - FIRST_LOOK);
    }
    const { items, next } = await api.requests(this.nextRequest);
    this.nextRequest = next;
    return items.filter(isWorthALine).map((/** @type {any} */ one) => this.ofRequest(one));
  }

  async newMails() {
    const all = await api.mail().catch(() => []);
    const fresh = all.length < this.mails ? all : all.slice(this.mails);
    this.mails = all.length;
    return fresh.slice(-FIRST_LOOK).map((/** @type {any} */ one) => this.ofMail(one));
  }

  async newDeliveries() {
    const all = await api.deliveries().catch(() => []);
    // Several may share a millisecond, and the next look may find one more of it.
    const fresh = all.filter(
      (/** @type {any} */ one) =>
        one.at > this.delivered ||
        (one.at === this.delivered && !this.deliveredThen.has(JSON.stringify(one))),
    );
    this.delivered = all.at(-1)?.at ?? this.delivered;
    const last = all.filter((/** @type {any} */ one) => one.at === this.delivered);
    this.deliveredThen = new Set(last.map((/** @type {any} */ one) => JSON.stringify(one)));
    return fresh.map(ofDelivery);
  }

  /**
   * @param {any} entry of the request log
   * @returns {Line}
   */
  ofRequest(entry) {
    const { method, status, app, user, mailbox } = entry;
    /** @type {Kind} */
    const kind = entry.host === 'graph' ? 'graph' : entry.host === 'login' ? 'login' : 'outlook';
    const path = readable(entry.path);
    const acting = new URLSearchParams(entry.path.split('?')[1] ?? '').get('as');
    const person = acting ?? user;
    const whose = mailbox && mailbox !== person ? `${person ? `${person} in ` : ''}${mailbox}` : person;
    return {
      ...timeOf(entry.at),
      kind,
      label: method,
      what: path.replace(LONG_ID, (id) => `${id.slice(0, 6)}…${id.slice(-4)}`),
      full: `${method} ${path}`,
      who: [kind === 'outlook' ? null : this.appName(app), whose].filter(Boolean).join(' · '),
      outcome: status === null ? 'no answer' : String(status),
      isBad: status === null || status >= 400,
      byApp: false,
    };
  }

  /**
   * @param {any} mail
   * @returns {Line}
   */
  ofMail(mail) {
    const app = mail.cause?.app;
    const subject = mail.subject || 'No subject';
    return {
      ...timeOf(mail.at),
      kind: 'mail',
      label: mail.kind,
      what: subject,
      full: subject,
      who: `${mail.from} → ${[mail.to].flat().join(', ')}`,
      outcome: app ? `by ${this.appName(app)}` : 'by a person',
      isBad: Boolean(app) && app !== OFFICE,
      byApp: Boolean(app) && app !== OFFICE,
    };
  }

  /** @param {string | null} id */
  appName(id) {
    return id && (this.names.get(id) ?? `app ${id.slice(0, 8)}`);
  }
}

/**
 * @param {any} one
 * @returns {Line}
 */
function ofDelivery(one) {
  const many = one.notifications === 1 ? 'One notification' : `${one.notifications} notifications`;
  const again = one.attempt > 1 ? `, attempt ${one.attempt}` : '';
  return {
    ...timeOf(one.at),
    kind: 'notification',
    label: 'notify',
    what: `${many}${again}`,
    full: `${many} to ${one.url}`,
    who: one.url,
    outcome: one.status === null ? one.outcome : String(one.status),
    isBad: !(one.status >= 200 && one.status < 300),
    byApp: false,
  };
}

/** The page's own looks are no news. */
function isWorthALine(/** @type {any} */ entry) {
  return entry.host !== 'control' || entry.method !== 'GET';
}

/** @param {string} at */
function timeOf(at) {
  const moment = new Date(at);
  return { moment: moment.getTime(), time: `${wallOf(moment).slice(11)}:${at.slice(17, 19)}` };
}

/** @param {string} path */
function readable(path) {
  try {
    return decodeURIComponent(path.replaceAll('+', ' '));
  } catch {
    return path;
  }
}
