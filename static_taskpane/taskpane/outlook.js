// The only module that touches Office.js: promises with time limits instead of callbacks, feature
// tests instead of version tables, and Outlook's known quirks. It decides nothing about syncing.

import { OutlookError, call, guarded, optional } from "./office-call.js";

/** @import { Form, OpenItem } from "./types.js" */

const READY_LIMIT_MS = 10_000;
const LIBRARY_LIMIT_MS = 3_000;
const LIBRARY_LOOK_MS = 50;
const SAVE_LIMIT_MS = 60_000;
const ITEM_NOT_SAVED = 9046;

/** Longer than any address that can receive mail; the API refuses the whole form for one. */
const LONGEST_ADDRESS = 320;

/** Connects to the Outlook that shows this page.
 * @param {number} [limit] milliseconds Office.js may take to answer
 * @returns {Promise<Outlook>}
 * @throws {OutlookError} office_js_missing, office_js_silent or not_in_outlook */
export async function connect(limit = READY_LIMIT_MS) {
  await libraryLoaded();
  const host = await guarded(limit, "office_js_silent", (resolve) => {
    void Office.onReady(resolve);
  });
  if (!host?.host || !Office.context?.mailbox) throw new OutlookError("not_in_outlook");
  return new Outlook();
}

/** A library that puts itself together may come a moment after this page's own scripts.
 * @throws {OutlookError} office_js_missing */
async function libraryLoaded() {
  for (let waited = 0; typeof Office === "undefined"; waited += LIBRARY_LOOK_MS) {
    if (waited >= LIBRARY_LIMIT_MS) throw new OutlookError("office_js_missing");
    await new Promise((resolve) => setTimeout(resolve, LIBRARY_LOOK_MS));
  }
  if (typeof Office.onReady !== "function") throw new OutlookError("office_js_missing");
}

export class Outlook {
  /** Outlook's current item; null when nothing is open or the mailbox is hidden from add-ins. */
  get #item() {
    return Office.context.mailbox.item ?? null;
  }

  /** What is open now, in one of Outlook's two surfaces; null when nothing is.
   * @returns {Promise<OpenItem | null>}
   * @throws {OutlookError} not_an_appointment or id_unknown */
  async read() {
    const item = this.#item;
    if (!item) return null;
    if (item.itemType !== Office.MailboxEnums.ItemType.Appointment) {
      throw new OutlookError("not_an_appointment");
    }
    return isCompose(item) ? this.#readCompose(asCompose(item)) : this.#readRead(asRead(item));
  }

  /** @param {Office.AppointmentCompose} item @returns {Promise<OpenItem>} */
  async #readCompose(item) {
    const [id, owner, subject] = await Promise.all([
      composeId(item),
      sharedOwner(item),
      optional(() => call((done) => item.subject.getAsync(done))),
    ]);
    const form = await this.#form(item, id !== null);
    return { surface: "compose", id, owner, subject, form };
  }

  /** @param {Office.AppointmentRead} item @returns {Promise<OpenItem>} */
  async #readRead(item) {
    const id = item.itemId ? graphId(item.itemId) : null;
    const subject = item.subject ?? null;
    return { surface: "read", id, owner: await sharedOwner(item), subject, form: null };
  }

  /** @param {Office.AppointmentCompose} item @param {boolean} saved @returns {Promise<Form>} */
  async #form(item, saved) {
    const [organizer, start, end, sensitivity, recurrence, required, others] = await Promise.all([
      optional(() => call((done) => item.organizer.getAsync(done))),
      optional(() => call((done) => item.start.getAsync(done))),
      optional(() => call((done) => item.end.getAsync(done))),
      optional(() => call((done) => item.sensitivity.getAsync(done))),
      optional(() => call((done) => item.recurrence.getAsync(done))),
      optional(() => call((done) => item.requiredAttendees.getAsync(done))),
      optional(() => call((done) => item.optionalAttendees.getAsync(done))),
    ]);
    return {
      organizer: organizer?.emailAddress ? { address: organizer.emailAddress } : null,
      start: instant(start),
      end: instant(end),
      sensitivity: this.#sensitivity(sensitivity, saved),
      // Outlook on the web answers null for a series until it was saved and opened again, so only
      // evidence for a series counts; its absence proves nothing.
      recurring: recurrence || item.seriesId ? true : null,
      attendees: attendees(required, others),
    };
  }

  /** Outlook on the web, new Outlook and Mac call confidential and personal events "normal". A new
   * form there knows only normal and private, so "normal" is the truth until the first save.
   * @param {unknown} value @param {boolean} saved */
  #sensitivity(value, saved) {
    if (typeof value !== "string" || value === "") return null;
    const blurred = Office.context.platform !== Office.PlatformType.PC;
    return value === "normal" && blurred && saved ? null : value;
  }

  /** Saves a new appointment and answers its id (T8). Never called for an item that has an id:
   * for a meeting that was sent, saving may mail its attendees.
   * @throws {OutlookError} nothing_open, already_saved, id_unknown or save_failed */
  async saveNew() {
    const item = this.#item;
    if (!item || !isCompose(item)) throw new OutlookError("nothing_open");
    const compose = asCompose(item);
    if ((await composeId(compose)) !== null) throw new OutlookError("already_saved");
    let saved;
    try {
      saved = await call((done) => compose.saveAsync(done), SAVE_LIMIT_MS);
    } catch (error) {
      throw new OutlookError("save_failed", error instanceof OutlookError ? error.number : null);
    }
    const id = (await optional(() => composeId(compose))) ?? (saved ? graphId(saved) : null);
    if (id === null) throw new OutlookError("save_failed");
    return id;
  }

  /** Tells when the open form may have changed. There is no event for sensitivity, saving, or
   * recurrence taken away on the web, hence the look at each return to the pane, and at the form
   * as soon as the pointer comes over the pane.
   * @param {() => void} edited @param {() => void} returned */
  watch(edited, returned) {
    const item = this.#item;
    if (item && isCompose(item)) {
      const { AppointmentTimeChanged, RecipientsChanged, RecurrenceChanged } = Office.EventType;
      for (const type of [AppointmentTimeChanged, RecipientsChanged, RecurrenceChanged]) {
        void optional(() => call((done) => asCompose(item).addHandlerAsync(type, edited, done)));
      }
      document.documentElement.addEventListener("pointerenter", edited);
    }
    addEventListener("focus", returned);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") returned();
    });
  }

  /** @param {(colors: Office.OfficeTheme | null) => void} apply told now and at each change */
  followTheme(apply) {
    apply(Office.context.officeTheme ?? null);
    const { mailbox } = Office.context;
    void optional(() =>
      call((done) =>
        mailbox.addHandlerAsync(
          Office.EventType.OfficeThemeChanged,
          (/** @type {{officeTheme?: Office.OfficeTheme}} */ change) =>
            apply(change.officeTheme ?? Office.context.officeTheme ?? null),
          done,
        ),
      ),
    );
  }

  /** The wall clock of the user's mailbox at an instant, as a Date whose UTC parts are that clock;
   * null when Outlook cannot convert.
   * @param {Date} date */
  wallClock(date) {
    try {
      const local = Office.context.mailbox.convertToLocalClientTime(date);
      const { year, month, date: day, hours, minutes, seconds } = local;
      const wall = new Date(Date.UTC(year, month, day, hours, minutes, seconds));
      return Number.isNaN(wall.getTime()) ? null : wall;
    } catch {
      return null;
    }
  }

  /** The address of whoever uses this Outlook; empty when it does not say. */
  get user() {
    return Office.context.mailbox.userProfile?.emailAddress ?? "";
  }

  get language() {
    return Office.context.displayLanguage || navigator.language;
  }

  /** @param {string} set @param {string} version */
  supports(set, version) {
    try {
      return Office.context.requirements.isSetSupported(set, version);
    } catch {
      return false;
    }
  }

  get hasOfficeSignIn() {
    return typeof officeAuth()?.getAccessToken === "function";
  }

  /** A token by the host's own single sign-on.
   * @param {Office.AuthOptions} options
   * @returns {Promise<string>}
   * @throws {unknown} what Office.js throws: an object with a 13xxx code */
  async officeToken(options) {
    const auth = officeAuth();
    if (!auth) throw new OutlookError("no_office_sign_in");
    return guarded(SAVE_LIMIT_MS, "office_js_silent", (resolve, reject) => {
      auth.getAccessToken(options).then(resolve, reject);
    });
  }
}

/** Graph's spelling of an Outlook id. It is the swap mailbox.convertToRestId makes, which is not
 * there on phones; ids that already are in Graph's spelling stay as they are. Nothing else may
 * change: two events can differ in nothing but "-" and "_".
 * @param {string} id */
export function graphId(id) {
  return id.replaceAll("/", "-").replaceAll("+", "_");
}

/** @param {{itemType: unknown}} item */
function isCompose(item) {
  return "saveAsync" in item && typeof item.saveAsync === "function";
}

/** @param {unknown} item */
function asCompose(item) {
  return /** @type {Office.AppointmentCompose} */ (item);
}

/** @param {unknown} item */
function asRead(item) {
  return /** @type {Office.AppointmentRead} */ (item);
}

/** The id of a form, or null while it was never saved. Only Outlook's own "not saved" counts: were
 * another failure taken for it, a meeting that was sent could be saved again and mailed out.
 * @param {Office.AppointmentCompose} item
 * @throws {OutlookError} id_unknown */
async function composeId(item) {
  try {
    const id = await call((done) => item.getItemIdAsync(done));
    return id ? graphId(id) : null;
  } catch (error) {
    const number = error instanceof OutlookError ? error.number : null;
    if (number === ITEM_NOT_SAVED) return null;
    throw new OutlookError("id_unknown", number);
  }
}

/** The function exists on the web only for shared items; elsewhere it fails for one's own.
 * @param {Office.AppointmentCompose | Office.AppointmentRead} item */
async function sharedOwner(item) {
  if (typeof item.getSharedPropertiesAsync !== "function") return null;
  const shared = await optional(() => call((done) => item.getSharedPropertiesAsync(done)));
  const owner = shared?.owner ?? null;
  const own = Office.context.mailbox.userProfile?.emailAddress ?? "";
  return owner && owner.toLowerCase() !== own.toLowerCase() ? owner : null;
}

/** Only what the rules look at: nobody's name leaves Outlook for a form that is not saved.
 * @param {Office.EmailAddressDetails[] | null} required
 * @param {Office.EmailAddressDetails[] | null} others
 * @returns {Form["attendees"]} */
function attendees(required, others) {
  if (required === null || others === null) return null;
  return [
    ...required.map(({ emailAddress }) => ({ address: emailAddress, type: "required" })),
    ...others.map(({ emailAddress }) => ({ address: emailAddress, type: "optional" })),
  ].filter(({ address }) => Boolean(address) && address.length <= LONGEST_ADDRESS);
}

/** @param {Date | null} date */
function instant(date) {
  return date instanceof Date && !Number.isNaN(date.getTime()) ? date.toISOString() : null;
}

/** @typedef {{getAccessToken(options: Office.AuthOptions): Promise<string>}} OfficeAuth */

/** @returns {OfficeAuth | null} */
function officeAuth() {
  const { OfficeRuntime } = /** @type {{OfficeRuntime?: {auth?: OfficeAuth}}} */ (globalThis);
  return OfficeRuntime?.auth ?? Office.auth ?? null;
}
