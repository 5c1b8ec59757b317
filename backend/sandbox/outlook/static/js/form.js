/** One open event: what the form holds, what it was opened with, and the acts of the person. */

/** @import { ItemFacts, Persona } from '../../protocol.js' */
/** @import { Values } from './model.js' */

import * as api from './api.js';
import { factsOf } from './facts.js';
import { graphEventOf, patchOf, valuesOf } from './model.js';

const READER_RIGHTS = 1;
const EDITOR_RIGHTS = 1 | 2 | 4 | 8 | 16 | 32;

/**
 * @typedef {{ id: string, name: string, address: string, tenantId: string }} Person
 *
 * @typedef {object} Opening
 * @property {'read' | 'compose'} surface
 * @property {Person} owner of the calendar
 * @property {Person} person at the screen
 * @property {any} event Graph event; null for a new one
 * @property {Values} values
 * @property {{ displayName: string, color: string }[]} master
 * @property {boolean} isEditor whether the person may change the owner's calendar
 * @property {() => boolean} keepsCategories
 */

/** Tells its listeners the names of changed values; `event` and `categories` count as values. */
export class EventForm {
  /** @param {Opening} opening */
  constructor(opening) {
    this.surface = opening.surface;
    this.owner = opening.owner;
    this.person = opening.person;
    this.event = opening.event;
    this.master = opening.master;
    this.isEditor = opening.isEditor;
    this.keepsCategories = opening.keepsCategories;
    this.values = opening.values;
    this.opened = structuredClone(opening.values);
    this.wasNew = opening.event === null;
    this.changedRecipientFields = {};
    /** @type {((names: string[]) => void)[]} */
    this.listeners = [];
  }

  /** @returns {string | null} */
  get id() {
    return this.event?.id ?? null;
  }

  get isShared() {
    return this.owner.address !== this.person.address;
  }

  get isMeeting() {
    return this.values.invitees.length > 0;
  }

  get isDirty() {
    return Object.keys(patchOf(this.opened, this.values)).length > 0;
  }

  get organizer() {
    const { name, address } = this.event?.organizer?.emailAddress ?? this.owner;
    return { name, address };
  }

  /**
   * @param {Persona} persona
   * @returns {ItemFacts}
   */
  facts(persona) {
    const home = this.person.address.split('@')[1]?.toLowerCase() ?? '';
    const facts = factsOf(this.values, this.event, this.organizer, home, persona);
    if (this.surface !== 'read' || persona.isMac) return facts;
    // Only a reading form on the web or on Windows counts the organizer among the attendees.
    return { ...facts, requiredAttendees: [facts.organizer, ...facts.requiredAttendees] };
  }

  sharedProperties() {
    return {
      owner: this.owner.address,
      targetMailbox: this.owner.address,
      targetRestUrl: 'https://outlook.office.com/api',
      delegatePermissions: this.isEditor ? EDITOR_RIGHTS : READER_RIGHTS,
    };
  }

  /**
   * @param {(names: string[]) => void} listener
   * @param {AbortSignal} [until]
   */
  onChange(listener, until) {
    this.listeners.push(listener);
    until?.addEventListener('abort', () => {
      this.listeners = this.listeners.filter((one) => one !== listener);
    });
  }

  /** @param {string[]} names */
  tell(names) {
    for (const listener of this.listeners) listener(names);
  }

  /** @param {Partial<Values>} changes by the person or the pane */
  set(changes) {
    const before = this.values;
    this.values = { ...before, ...changes };
    const names = Object.keys(changes).filter((name) => {
      const key = /** @type {keyof Values} */ (name);
      return JSON.stringify(before[key]) !== JSON.stringify(this.values[key]);
    });
    if (names.includes('invitees')) this.noteRecipients(before, this.values);
    if (names.length) this.tell(names);
  }

  /**
   * @param {Values} before
   * @param {Values} now
   */
  noteRecipients(before, now) {
    const differs = (/** @type {string} */ type) => {
      const of = (/** @type {Values} */ values) =>
        JSON.stringify(values.invitees.filter((one) => one.type === type));
      return of(before) !== of(now);
    };
    this.changedRecipientFields = {
      to: false,
      cc: false,
      bcc: false,
      requiredAttendees: differs('required'),
      optionalAttendees: differs('optional'),
      resources: differs('resource'),
    };
  }

  /**
   * Saves what the form holds; a meeting not sent yet stays a draft.
   * @param {boolean} sends
   */
  async save(sends) {
    const acting = this.person.address;
    if (!this.event) {
      const isDraft = this.isMeeting && !sends;
      this.take(await api.create(this.owner.address, graphEventOf(this.values), isDraft, acting));
      return;
    }
    await this.saveChanges();
    if (sends && this.event.isDraft) {
      await api.act(this.owner.address, this.event.id, 'send', {}, acting);
      this.take(await api.oneEvent(this.owner.address, this.event.id, acting));
    }
  }

  async saveChanges() {
    const patch = patchOf(this.opened, this.values);
    if (!Object.keys(patch).length) return;
    if (this.keepsCategories()) Object.assign(patch, { categories: this.opened.categories });
    this.take(await api.change(this.owner.address, this.event.id, patch, this.person.address));
  }

  /** Office.js saveAsync: an appointment has no draft state of its own, this writes a real item. */
  async saveForAddIn() {
    try {
      await this.save(false);
    } catch (error) {
      throw { code: 9021, message: /** @type {Error} */ (error).message };
    }
  }

  /** @param {any} event as the server has it now; becomes what the form was opened with */
  take(event) {
    this.event = event;
    this.values = valuesOf(event);
    this.opened = structuredClone(this.values);
    this.tell(['event', ...Object.keys(this.values)].filter((name) => !QUIET.has(name)));
  }

  /** @param {string[]} categories written at once, as Outlook's own menu does on a saved item */
  async categorise(categories) {
    if (this.event) {
      this.event = await api.change(
        this.owner.address,
        this.event.id,
        { categories },
        this.person.address,
      );
      this.opened.categories = [...categories];
    }
    this.values = { ...this.values, categories };
    this.tell(['categories', 'event']);
  }

  /**
   * The server has a newer event. A composing form keeps what the person typed, and with "keeps"
   * its own copy of the categories too.
   * @param {any} event
   */
  refresh(event) {
    if (JSON.stringify(event) === JSON.stringify(this.event)) return;
    if (this.surface === 'read' || !this.isDirty) {
      const { categories } = this.values;
      const keeps = this.surface === 'compose' && this.keepsCategories();
      this.event = event;
      this.values = { ...valuesOf(event), ...(keeps ? { categories } : {}) };
      this.opened = structuredClone(this.values);
      this.tell(['event', 'shown']);
      return;
    }
    this.event = event;
    if (!this.keepsCategories()) {
      this.values = { ...this.values, categories: [...event.categories] };
      this.opened.categories = [...event.categories];
    }
    this.tell(['event', 'categories']);
  }

  /** @param {'accept' | 'tentative' | 'decline'} response */
  async respond(response) {
    await api.act(this.owner.address, this.event.id, 'respond', { response }, this.person.address);
  }

  /** @param {string} comment */
  async cancel(comment) {
    await api.act(this.owner.address, this.event.id, 'cancel', { comment }, this.person.address);
  }

  async remove() {
    if (this.event) await api.remove(this.owner.address, this.event.id, this.person.address);
  }

  /** Thrown away unsent: what a pane had saved of a new appointment goes too. */
  async discard() {
    if (this.wasNew) await this.remove();
  }
}

/** Saving changes no time or attendee: panes are not told what they know. */
const QUIET = new Set(['start', 'end', 'allDay', 'invitees', 'location', 'recurrence']);
