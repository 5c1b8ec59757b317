/** Outlook's side of the Office shim: greets the pane in the frame and answers what it asks. */

/** @import { Account, Question, Theme, Welcome } from '../../protocol.js' */
/** @import { EventForm } from './form.js' */
/** @import { Preferences } from './preferences.js' */
/** @import { SignIn } from './tokens.js' */

import { WINDOWS_ZONE } from './dates.js';
import { MasterCategories, categories } from './api.js';
import { itemIdOf } from './facts.js';
import { remember, remembered } from './memory.js';
import { NestedAppAuth, officeToken } from './tokens.js';

const MOST_NOTIFICATIONS = 5;
/** @type {[string[], string, (facts: any) => object][]} */
const ANNOUNCED = [
  [['allDay', 'start', 'end'], 'olkAppointmentTimeChanged', ({ start, end }) => ({ start, end })],
  [['location'], 'olkEnhancedLocationsChanged', ({ places }) => ({ enhancedLocations: places })],
];

/**
 * @typedef {object} Shell what the host needs of the page around it
 * @property {Preferences} preferences
 * @property {SignIn} signIn
 * @property {(notices: Map<string, any>) => void} showNotices
 * @property {() => void} closePane
 * @property {() => void} closeForm
 * @property {() => void} dock beside the calendar, or back to the form
 */

/** One pane beside one form, from opening to closing. */
export class OfficeHost {
  /**
   * @param {HTMLIFrameElement} frame
   * @param {string} paneOrigin
   * @param {EventForm} form
   * @param {Shell} shell
   */
  constructor(frame, paneOrigin, form, shell) {
    this.frame = frame;
    this.paneOrigin = paneOrigin;
    this.form = form;
    this.shell = shell;
    /** @type {MessagePort | null} */
    this.port = null;
    /** @type {Map<string, any>} */
    this.notices = new Map();
    this.auth = new NestedAppAuth(shell.signIn);
    this.stop = new AbortController();
    window.addEventListener('message', (event) => this.greet(event), { signal: this.stop.signal });
    form.onChange((names) => this.announceForm(names), this.stop.signal);
  }

  close() {
    this.stop.abort();
    this.port?.close();
  }

  /** @param {MessageEvent} event */
  greet(event) {
    if (event.source !== this.frame.contentWindow || event.origin !== this.paneOrigin) return;
    if (event.data?.kind !== 'office:hello') return;
    const channel = new MessageChannel();
    this.port = channel.port1;
    this.port.onmessage = ({ data }) => void this.answer(data);
    this.frame.contentWindow?.postMessage(this.welcome(), event.origin, [channel.port2]);
  }

  /** @returns {Welcome} */
  welcome() {
    const { preferences, signIn } = this.shell;
    const { form } = this;
    return {
      kind: 'office:welcome',
      persona: preferences.persona,
      permission: preferences.permission,
      user: this.account(),
      theme: preferences.officeTheme,
      language: 'en-US',
      naa: signIn.naa() !== 'off',
      item: {
        surface: form.surface,
        isShared: form.isShared,
        itemId: form.surface === 'read' && form.id ? itemIdOf(form.event, preferences.persona) : null,
        facts: form.facts(preferences.persona),
      },
      roaming: remembered(this.roamingKey),
    };
  }

  /** @returns {Account} */
  account() {
    const { name, address } = this.shell.signIn.person;
    return { displayName: name, emailAddress: address, timeZone: WINDOWS_ZONE };
  }

  get roamingKey() {
    return `outlook-roaming-${this.shell.signIn.person.id}`;
  }

  /**
   * @param {string} event
   * @param {unknown} payload
   */
  announce(event, payload) {
    this.port?.postMessage({ event, payload });
  }

  /** @param {Theme} officeTheme */
  announceTheme(officeTheme) {
    this.announce('officeThemeChanged', { officeTheme });
  }

  /** @param {string[]} names of changed values */
  announceForm(names) {
    if (this.form.surface !== 'compose') return;
    const facts = this.form.facts(this.shell.preferences.persona);
    for (const [watched, event, payload] of ANNOUNCED) {
      if (watched.some((name) => names.includes(name))) this.announce(event, payload(facts));
    }
    if (names.includes('recurrence')) this.announceRecurrence(facts.recurrence);
    if (names.includes('invitees')) {
      this.announce('olkRecipientsChanged', {
        changedRecipientFields: this.form.changedRecipientFields,
      });
    }
  }

  /** Outlook on the web says nothing when a recurrence is taken away (office-js issue 4962). */
  announceRecurrence(/** @type {unknown} */ recurrence) {
    if (recurrence || this.shell.preferences.persona.platform !== 'OfficeOnline') {
      this.announce('olkRecurrenceChanged', { recurrence });
    }
  }

  /** @param {Question} question */
  async answer({ id, act, args }) {
    const answers = /** @type {Record<string, (...args: any[]) => unknown>} */ (this.answers());
    try {
      if (!(act in answers)) throw { code: 5000 };
      this.port?.postMessage({ id, value: await answers[act](...args) });
    } catch (error) {
      const { code = 9042, message } = /** @type {any} */ (error);
      this.port?.postMessage({ id, error: { code, message } });
    }
  }

  answers() {
    const { form, shell } = this;
    return {
      get: (/** @type {string} */ name) =>
        name === 'recurrence' && this.losesRecurrence
          ? null
          : Reflect.get(form.facts(shell.preferences.persona), name),
      itemId: () => this.savedId(),
      save: async () => {
        await form.saveForAddIn();
        return this.savedId();
      },
      closeForm: () => shell.closeForm(),
      closeContainer: () => shell.closePane(),
      'subject.set': (/** @type {string} */ subject) => form.set({ subject }),
      shared: () => form.sharedProperties(),
      token: (/** @type {any} */ options) => officeToken(shell.signIn, options ?? {}),
      naa: (/** @type {any} */ request) => this.auth.answer(request),
      'roaming.save': (/** @type {object} */ values) =>
        remember(this.roamingKey, values),
      ...this.masterAnswers(),
      ...this.categoryAnswers(),
      ...this.notificationAnswers(),
    };
  }

  /** Outlook on the web has told a composing add-in of no recurrence (office-js issues 1537, 2764). */
  get losesRecurrence() {
    const { preferences } = this.shell;
    const isWeb = preferences.persona.platform === 'OfficeOnline';
    return isWeb && this.form.surface === 'compose' && preferences.get('recurrence') === 'lost';
  }

  savedId() {
    if (!this.form.id) throw { code: 9046 };
    return itemIdOf(this.form.event, this.shell.preferences.persona);
  }

  masterAnswers() {
    const { form } = this;
    const { address } = form.owner;
    const master = new MasterCategories(address, form.person.address);
    const named = (/** @type {string} */ name) => {
      const found = form.master.find((one) => isSameName(one.displayName, name));
      return /** @type {{ id: string } | undefined} */ (/** @type {unknown} */ (found));
    };
    const write = async (/** @type {() => Promise<unknown>} */ run) => {
      // A delegate may read the list, not change it.
      if (form.isShared) throw { code: 9055 };
      await run();
      form.master = await categories(address);
    };
    return {
      'master.get': () => form.master.map(categoryDetails),
      'master.add': (/** @type {{ displayName: string, color: string }[]} */ list) =>
        write(async () => {
          if (list.some(({ displayName }) => named(displayName))) throw { code: 9045 };
          for (const { displayName, color } of list) await master.create(displayName, color.toLowerCase());
        }),
      'master.remove': (/** @type {string[]} */ names) =>
        write(async () => {
          const found = names.map(named);
          for (const one of found) {
            if (!one) throw { code: 9044 };
          }
          for (const one of found) if (one) await master.remove(one.id);
        }),
    };
  }

  categoryAnswers() {
    const { form, shell } = this;
    const usable = () => {
      if (form.surface === 'compose' && !shell.preferences.persona.categoriesWhileComposing) {
        throw { code: 5000 };
      }
    };
    const known = (/** @type {string} */ name) =>
      form.master.find((one) => isSameName(one.displayName, name));
    const writable = () => {
      usable();
      if (form.surface === 'read' && !form.event?.isOrganizer) throw { code: 5000 };
    };
    return {
      'categories.get': () => {
        usable();
        const details = form.values.categories.map((name) =>
          categoryDetails(known(name) ?? { displayName: name, color: 'none' }),
        );
        return details.length ? details : null;
      },
      'categories.add': async (/** @type {string[]} */ names) => {
        writable();
        if (!names.every(known)) throw { code: 9044 };
        await form.categorise([...new Set([...form.values.categories, ...names])]);
      },
      'categories.remove': async (/** @type {string[]} */ names) => {
        writable();
        await form.categorise(form.values.categories.filter((name) => !names.includes(name)));
      },
    };
  }

  notificationAnswers() {
    const { notices } = this;
    const put = (/** @type {string} */ key, /** @type {any} */ message) => {
      if (message.persistent && !this.form.id) throw { code: 9028 };
      notices.set(key, message);
      this.shell.showNotices(notices);
    };
    return {
      'notifications.add': (/** @type {string} */ key, /** @type {any} */ message) => {
        if (notices.has(key)) throw { code: 9023 };
        if (notices.size >= MOST_NOTIFICATIONS) throw { code: 9025 };
        put(key, message);
      },
      'notifications.replace': put,
      'notifications.remove': (/** @type {string} */ key) => {
        if (!notices.delete(key)) throw { code: 9024 };
        this.shell.showNotices(notices);
      },
      'notifications.all': () => [...notices].map(([key, message]) => ({ key, ...message })),
    };
  }
}

/** @param {{ displayName: string, color: string }} category */
function categoryDetails({ displayName, color }) {
  return { displayName, color: color.charAt(0).toUpperCase() + color.slice(1) };
}

/**
 * @param {string} one
 * @param {string} other
 */
function isSameName(one, other) {
  return one.toLowerCase() === other.toLowerCase();
}
