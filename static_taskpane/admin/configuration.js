// Configuration: all settings on one page, saved under the version they were read in (A1, A2).

import { ApiError } from "../shared/api.js";
import { el } from "../shared/dom.js";
import { get, isAdmin, post, put } from "./client.js";
import { takeCarried } from "./carried.js";
import { GROUPS, FIELDS, shownValue } from "./configuration-fields.js";
import { countInto } from "./configuration-preview.js";
import { fieldOf } from "./configuration-inputs.js";
import { announce, announceTrouble, ask, clearNotices, counted, load, time } from "./page.js";

/** @typedef {Record<string, any>} Settings */

/** @param {unknown} a @param {unknown} b */
function same(a, b) {
  if (Array.isArray(a) && Array.isArray(b)) return [...a].sort().join("\n") === [...b].sort().join("\n");
  if (a && b && typeof a === "object" && typeof b === "object") return same(pairs(a), pairs(b));
  return a === b;
}

/** @param {object} value */
function pairs(value) {
  return Object.entries(value).map(([key, text]) => `${key}=${text}`);
}

/** @param {HTMLElement} host @returns {import("./main.js").Shown} */
export function showConfiguration(host) {
  const page = new ConfigurationPage(host);
  void page.read();
  return { unsaved: () => page.changes().length > 0 };
}

class ConfigurationPage {
  #body = el("div", {});
  #bar = el("div", {});
  /** @type {Settings} */
  #read = {};
  /** @type {Settings} */
  #entered = {};
  /** @type {string[]} */
  #types = [];
  /** @type {string[]} */
  #recordTypes = [];
  /** @type {Record<string, string>} */
  #wrong = {};
  #busy = false;

  /** @param {HTMLElement} host */
  constructor(host) {
    host.replaceChildren(
      el("h1", {}, "Configuration"),
      el("p", { class: "lead" }, "What syncs from Outlook into the CRM, for the whole firm. Existing events are judged again by what you save."),
      this.#body,
      this.#bar,
    );
  }

  read() {
    return load(
      this.#body,
      () => Promise.all([
        get("configuration"), get("contact-types").catch(unknownTypes), get("activity-types").catch(() => ({ items: [] })),
      ]),
      ([settings, types, recordTypes]) => {
        this.#types = types.items;
        this.#recordTypes = recordTypes.items;
        this.#take(settings);
        this.#enter(takeCarried());
      },
    );
  }

  /** @param {Settings} settings */
  #take(settings) {
    this.#read = settings;
    this.#entered = { ...settings };
    this.#wrong = {};
    this.#draw();
  }

  /** What was tried in the simulator comes as entries that are not saved yet.
   * @param {Settings} carried */
  #enter(carried) {
    if (!isAdmin || Object.keys(carried).length === 0) return;
    this.#entered = { ...this.#entered, ...carried };
    this.#draw();
    announce("plain", el("p", {}, "These are the settings of the simulator. They are not saved yet: review them, then save."));
  }

  /** @returns {string[]} the names of what differs from what was read */
  changes() {
    return Object.keys(FIELDS).filter((name) => !same(this.#entered[name], this.#read[name]));
  }

  #changed() {
    return Object.fromEntries(this.changes().map((name) => [name, this.#entered[name]]));
  }

  #draw() {
    this.#body.replaceChildren(
      this.#enabling(),
      ...GROUPS.map(({ title, fields }) =>
        el("section", { class: "group", "aria-label": title }, el("h2", {}, title), ...fields.map((field) => this.#field(field))),
      ),
    );
    this.#drawBar();
  }

  /** @param {import("./configuration-fields.js").Field} field */
  #field(field) {
    return fieldOf(field, {
      value: this.#entered[field.name],
      types: this.#types,
      recordTypes: this.#recordTypes,
      locked: !isAdmin,
      domains: this.#read.verified_domains,
      wrong: this.#wrong[field.name] ?? "",
      changed: (value) => {
        this.#entered[field.name] = value;
        this.#drawBar();
      },
    });
  }

  #enabling() {
    const { sync_enabled: on, sync_enabled_at: since, paused } = this.#read;
    const state = !on ? "Calendar sync is off" : paused ? "Calendar sync is on, and paused" : "Calendar sync is on";
    return el(
      "section",
      { class: "group", "aria-label": "Calendar sync" },
      el("h2", {}, state),
      on && since && el("p", {}, "Enabled ", time(since), ". It cannot be disabled again: single users can, and the whole firm can be paused."),
      !on && el("p", {}, "Nothing is read or written. Once it is on, it cannot be disabled again; it can be paused, and single users can be disabled."),
      paused && el("p", {}, "Nothing is written while it is paused, and nothing is lost: resuming catches up."),
      isAdmin &&
        el(
          "div",
          { class: "actions" },
          !on && el("button", { type: "button", class: "primary", click: () => void this.#enable() }, "Enable calendar sync…"),
          on && !paused && el("button", { type: "button", click: () => void this.#pause() }, "Pause for the whole firm…"),
          paused && el("button", { type: "button", class: "primary", click: () => void this.#resume() }, "Resume"),
        ),
    );
  }

  #drawBar() {
    const count = this.changes().length;
    if (!isAdmin || count === 0) {
      this.#bar.replaceChildren();
      return;
    }
    this.#bar.replaceChildren(
      el(
        "div",
        { class: "savebar", role: "region", "aria-label": "Unsaved changes" },
        el("p", {}, `${counted(count, "unsaved change")}.`),
        el("button", { type: "button", click: () => void this.#discard() }, "Discard"),
        el("button", { type: "button", class: "primary", click: () => void this.#review() }, "Review and save…"),
      ),
    );
  }

  async #discard() {
    const yes = await ask({
      title: "Discard your changes?",
      body: [this.#list(this.changes())],
      yes: "Discard",
      danger: true,
    });
    if (yes) this.#take(this.#read);
  }

  /** @param {string[]} names */
  #list(names) {
    return el(
      "ul",
      {},
      ...names.map((name) =>
        el(
          "li",
          {},
          el("strong", {}, `${FIELDS[name]?.label ?? name}: `),
          `${shownValue(name, this.#read[name])} → ${shownValue(name, this.#entered[name])}`,
        ),
      ),
    );
  }

  /** What would change, with its numbers where the server has them, then the save. */
  async #review() {
    if (this.#busy) return;
    const numbers = el("div", {}, el("p", { class: "hint" }, "Counting what this does to the last 30 days…"));
    const aborted = new AbortController();
    const choice = { removes: false };
    void countInto(numbers, this.#changed(), aborted.signal, choice);
    const yes = await ask({
      title: `Save ${counted(this.changes().length, "change")}?`,
      body: [this.#list(this.changes()), numbers],
      yes: "Save",
    });
    aborted.abort();
    if (yes) await this.#save(choice.removes);
  }

  /** @param {boolean} removes whether records that no longer qualify go */
  async #save(removes) {
    this.#busy = true;
    try {
      const more = removes ? { unqualified_records: "remove" } : {};
      this.#take(await put("configuration", { ...this.#changed(), ...more }, this.#read.version));
      announce("good", el("p", {}, "Saved. Existing events are judged again now.", removes && " Records that no longer qualify are removed step by step; the page Logs & Errors shows each."));
    } catch (error) {
      if (error instanceof ApiError && error.code === "changed_meanwhile") await this.#meanwhile();
      else if (error instanceof ApiError && error.status === 422) this.#refused(error);
      else announceTrouble(error);
    } finally {
      this.#busy = false;
    }
  }

  /** Somebody else has saved: what he changed is shown, what was entered here stays. */
  async #meanwhile() {
    try {
      const now = await get("configuration");
      const mine = this.changes();
      const theirs = Object.keys({ ...FIELDS, sync_enabled: 1 }).filter((name) => !same(now[name], this.#read[name]));
      const lines = theirs.map((name) =>
        el(
          "li",
          {},
          el("strong", {}, `${FIELDS[name]?.label ?? "Calendar sync"}: `),
          `${shownValue(name, this.#read[name])} → ${shownValue(name, now[name])}`,
          mine.includes(name) && ` (you entered ${shownValue(name, this.#entered[name])}, which would replace it)`,
        ),
      );
      const entered = this.#entered;
      this.#read = now;
      this.#entered = { ...now, ...Object.fromEntries(mine.map((name) => [name, entered[name]])) };
      this.#draw();
      announce(
        "warning",
        el("p", {}, "Nothing was saved: another administrator changed the configuration meanwhile."),
        lines.length > 0 && el("ul", {}, ...lines),
        el("p", {}, "Your own changes are still entered. Look at them and save again."),
      );
    } catch (error) {
      announceTrouble(error);
    }
  }

  /** @param {ApiError} error */
  #refused(error) {
    const errors = error.problem.errors ?? {};
    const flat = /** @type {Record<string, any>} */ (errors.json ?? errors);
    this.#wrong = Object.fromEntries(Object.entries(flat).map(([name, why]) => [name, firstText(why)]));
    this.#draw();
    announce("danger", el("p", {}, "Nothing was saved. Please correct:"), el("ul", {}, ...Object.entries(this.#wrong).map(
      ([name, why]) => el("li", {}, `${FIELDS[name]?.label ?? name}: ${why}`),
    )));
    document.querySelector("[aria-invalid]")?.scrollIntoView({ block: "center" });
  }

  async #enable() {
    if (this.changes().length > 0) {
      announce("warning", el("p", {}, "Save or discard your changes first: enabling begins with what is saved."));
      return;
    }
    const people = await get("users", { enabled: true, limit: 1 }).catch(() => null);
    const others = el("div", {}, el("p", { class: "hint" }, "Looking for other syncs in the calendars…"));
    const aborted = new AbortController();
    void countInto(others, { sync_enabled: true }, aborted.signal);
    const yes = await ask({
      title: "Enable calendar sync?",
      body: [
        people && el("p", {}, el("strong", {}, counted(people.total, "enabled user")), " will have their calendars read, and matching events become records in the CRM."),
        el("p", {}, "This is final: once enabled, calendar sync cannot be disabled. You can pause it, and disable single users."),
        el("p", {}, "Switch off any other tool that brings the same calendars into the CRM first, or meetings appear twice."),
        others,
      ],
      yes: "Enable for good",
      danger: true,
    });
    aborted.abort();
    if (!yes) return;
    try {
      this.#take(await put("configuration", { sync_enabled: true }, this.#read.version));
      announce("good", el("p", {}, "Calendar sync is on. The first reading of all calendars has begun."));
    } catch (error) {
      if (error instanceof ApiError && error.code === "changed_meanwhile") await this.#meanwhile();
      else announceTrouble(error);
    }
  }

  async #pause() {
    const people = await get("users", { enabled: true, limit: 1 }).catch(() => null);
    const yes = await ask({
      title: "Pause calendar sync for the whole firm?",
      body: [
        people && el("p", {}, `This concerns ${counted(people.total, "enabled user")}.`),
        el("p", {}, "Nothing is written to the CRM or to Outlook until you resume. Nothing is lost: resuming catches up."),
      ],
      yes: "Pause",
    });
    if (yes) await this.#switch("pause");
  }

  #resume() {
    return this.#switch("resume");
  }

  /** @param {"pause" | "resume"} verb */
  async #switch(verb) {
    try {
      await post(verb, { level: "firm" });
      // Only the state is read anew; what is entered stays.
      const now = await get("configuration");
      this.#read = { ...this.#read, paused: now.paused };
      this.#body.firstChild?.replaceWith(this.#enabling());
      clearNotices();
      announce("good", el("p", {}, verb === "pause" ? "Calendar sync is paused." : "Calendar sync goes on and catches up."));
    } catch (error) {
      announceTrouble(error);
    }
  }
}

/** A CRM that does not answer must not hide the other settings. @param {unknown} error */
function unknownTypes(error) {
  announceTrouble(error);
  return { items: [] };
}

/** @param {any} why nested messages of the validation @returns {string} */
function firstText(why) {
  if (typeof why === "string") return why;
  const inner = Array.isArray(why) ? why[0] : Object.values(why ?? {})[0];
  return inner === undefined ? "Not valid." : firstText(inner);
}
