// The user's own settings while they are open: each change is stored at once, and while the calendar
// is being read, or somebody asked for a look, the user's state is asked for again.

import { ApiError } from "../shared/api.js";
import { Poller } from "./polling.js";

/** @import { State } from "./pane.js" */
/** @import { Session } from "./session.js" */
/** @import { Saving } from "./settings.js" */
/** @import { Me, Preferences } from "./types.js" */

/** @typedef {{
 *   state(): State,
 *   set(change: Partial<State>): void,
 *   news(text: string): void,
 *   trouble(error: unknown, again: () => Promise<void>): void,
 * }} Around The pane around the settings: what it shows, and how it tells of news and trouble. */

export class OwnSettings {
  #session;
  #around;
  #watcher = new Poller(() => this.#look());
  /** When the calendar was looked at before somebody asked for a look; undefined: nobody waits.
   * @type {string | null | undefined} */
  #awaited;

  /** @param {Session} session @param {Around} around */
  constructor(session, around) {
    this.#session = session;
    this.#around = around;
  }

  async open() {
    // Without the types their field offers less; everything else works.
    const types = this.#session.activityTypes().catch(() => []);
    const groups = this.#session.groups().catch(() => []);
    this.#around.set({ me: await this.#session.me() });
    this.#follow();
    this.#around.set({ types: await types, groups: await groups });
  }

  /** Nobody looks any more. */
  close() {
    this.#watcher.stop();
    this.#awaited = undefined;
  }

  /** @param {Preferences} change @param {Saving} what @returns {Promise<boolean>} whether it is stored */
  async change(change, what) {
    return this.#renew(what, () => this.#session.changeMe(change));
  }

  async syncNow() {
    const before = this.#around.state().me?.checked_at ?? null;
    if (!(await this.#renew("sync", () => this.#session.syncNow()))) return;
    this.#awaited = before;
    this.#watcher.sign();
    this.#follow(true);
  }

  /** @param {Saving} what @param {() => Promise<Me>} ask @returns {Promise<boolean>} */
  async #renew(what, ask) {
    if (this.#around.state().saving !== null) return false;
    this.#around.set({ saving: what, trouble: null });
    try {
      this.#around.set({ me: await ask(), saving: null });
      this.#follow();
      return true;
    } catch (error) {
      this.#around.set({ saving: null });
      this.#around.trouble(error, async () => void (await this.#renew(what, ask)));
      return false;
    }
  }

  /** Looks again while a calendar is being read, or somebody waits for a look.
   * @param {boolean} [asked] */
  #follow(asked = this.#awaited !== undefined) {
    const { me, screen } = this.#around.state();
    this.#watcher.stop();
    if (screen !== "settings" || me === null) return;
    const isReading = ["first_pull", "resync"].includes(me.state);
    if (asked || isReading) this.#watcher.schedule({ waiting: true });
  }

  async #look() {
    const { screen, saving } = this.#around.state();
    if (screen !== "settings" || saving !== null) return;
    try {
      const me = await this.#session.me();
      const isNews = this.#awaited !== undefined && me.checked_at !== this.#awaited;
      if (isNews) this.#awaited = undefined;
      this.#around.set({ me });
      if (isNews) this.#around.news("Your calendar was looked at just now.");
      this.#follow();
    } catch (error) {
      this.#watcher.failed(error instanceof ApiError ? error.retryAfter : null);
    }
  }
}
