/** Opens events and new ones on the desk, and follows what becomes of the open one. */

/** @import { Calendar } from './calendar.js' */
/** @import { Preferences } from './preferences.js' */

import { writeAddress } from './address.js';
import * as api from './api.js';
import { Desk } from './desk.js';
import { byId } from './dom.js';
import { EventForm } from './form.js';
import { emptyValues, valuesOf } from './model.js';
import { page } from './page.js';
import { attempt, confirmed, say } from './popup.js';

export class Opening {
  /**
   * @param {Preferences} preferences
   * @param {() => Calendar} calendar
   * @param {(owner: string, id: string) => void} openBeside another mailbox's copy, in a column of its own
   */
  constructor(preferences, calendar, openBeside) {
    this.preferences = preferences;
    this.calendar = calendar;
    this.desk = new Desk({
      element: byId('form'),
      preferences,
      paneUrl: () => page.paneUrl,
      signIn: () => this.signIn(),
      people: () => page.invitable,
      rooms: () => page.roomsNearby,
      openOther: (id) => void this.openInstead(id),
      openBeside,
      closed: () => this.closed(),
      covers: (isCovered) => {
        byId('shell').inert = isCovered;
      },
      saved: (id) => this.saved(id),
    });
  }

  signIn() {
    const { person } = page;
    return {
      person,
      sso: () => this.preferences.get('sso'),
      naa: () => this.preferences.get('naa'),
      confirm: () =>
        confirmed('Sign in to InterAction', `Continue as ${person.name} (${person.address})?`, 'Continue'),
    };
  }

  closed() {
    writeAddress({ event: '', mode: '' });
    void this.calendar().load();
    byId('view').focus({ preventScroll: true });
  }

  /** @param {string} id the open form has one now */
  saved(id) {
    const mode = this.desk.form?.surface === 'read' ? 'read' : 'compose';
    writeAddress({ event: id, mode });
    void this.calendar().load();
  }

  /** Nothing is open any more, and nobody asks. */
  clear() {
    this.desk.leave();
  }

  /** @param {string} wall start */
  create(wall) {
    if (!page.person.mailbox || !page.isEditor) return;
    writeAddress({ event: '', mode: 'new' });
    this.show({ surface: 'compose', event: null, values: emptyValues(wall) });
  }

  /**
   * @param {string} id
   * @param {string} mode 'read', 'compose' or '' for what Outlook would take
   */
  async open(id, mode) {
    await attempt(async () => {
      const known = page.events.find((one) => one.id === id);
      if (known && page.isHidden(known)) return say('This appointment is private.');
      const event = await api.oneEvent(page.owner.address, id, page.person.address);
      const composes = mode ? mode === 'compose' : event.isOrganizer && page.isEditor;
      const surface = composes ? 'compose' : 'read';
      writeAddress({ event: event.id, mode: surface });
      this.show({ surface, event, values: valuesOf(event) });
      return undefined;
    });
  }

  /** @param {string} id of an event that takes the place of the open one */
  async openInstead(id) {
    const leaves =
      !this.desk.form?.isDirty ||
      (await confirmed('Leave this event?', 'Your changes are not saved.', 'Leave'));
    if (leaves) await this.open(id, '');
  }

  /** @param {{ surface: 'read' | 'compose', event: any, values: import('./model.js').Values }} what */
  show(what) {
    this.desk.show(
      new EventForm({
        ...what,
        owner: page.owner,
        person: page.person,
        master: page.master,
        isEditor: page.isEditor,
        keepsCategories: () => this.preferences.keepsCategories,
      }),
    );
  }

  /** The mailboxes have changed: shows what that means for the open event. */
  async refresh() {
    const { form } = this.desk;
    if (!form?.id) return;
    const { address } = form.owner;
    const [event, master] = await Promise.all([
      api.oneEvent(address, form.id, form.person.address).catch(() => null),
      api.categories(address).catch(() => form.master),
    ]);
    if (this.desk.form !== form) return;
    form.master = master;
    if (event) form.refresh(event);
    await this.desk.behind?.load();
  }
}
