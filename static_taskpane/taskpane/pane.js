// What the pane knows and does: one state, changed by Outlook, by the API's answers and by the
// person, shown after each change. It builds no nodes and decides no rule.

import { ApiError } from "../shared/api.js";
import { OutlookError } from "./office-call.js";
import { changedFields, fieldWords, listed, saysTheSame } from "./changes.js";
import { ActivityForm } from "./activity/activity-form.js";
import { differs, fingerprint } from "./form.js";
import { HistoryPages } from "./history-pages.js";
import { OwnSettings } from "./own-settings.js";
import { Poller } from "./polling.js";
import { confirmSaving, confirmUntick } from "./questions.js";
import { isOutstanding } from "./status.js";
import { troubleOf } from "./words.js";

/** @import { Outlook } from "./outlook.js" */
/** @import { Session } from "./session.js" */
/** @import { Clock } from "./time.js" */
/** @import { Saving } from "./settings.js" */
/** @import { EventAnswer, Group, HistoryState, Me, Mode, OpenItem, Preferences, Verdict } from "./types.js" */
/** @import { Trouble } from "./words.js" */

/** @typedef {"saved" | "edited" | "unsaved" | "unseen"} FormState
 *   unseen: Outlook has saved the event, Exchange does not show it yet */
/** @typedef {"tick" | "untick" | "undo" | "sign_in" | "look"} Act */
/** @typedef {{
 *   screen: "loading" | "sign_in" | "empty" | "blocked" | "event" | "settings" | "activity",
 *   trouble: Trouble | null,
 *   item: OpenItem | null,
 *   answer: EventAnswer | null,
 *   form: Verdict | null,
 *   formState: FormState,
 *   busy: Act | null,
 *   me: Me | null,
 *   saving: Saving | null,
 *   types: string[], groups: Group[],
 *   lookedAt: string | null,
 *   changed: string[],
 *   news: {text: string, number: number} | null,
 *   past: HistoryState | null,
 *   activity: ActivityForm | null,
 * }} State
 *   lookedAt: when the last answer came that had read the event; changed: fields of the record that
 *   are shown as changed; news: what a screen reader is told once; past: the event's history;
 *   activity: the form that was opened last */

const TYPING_PAUSE_MS = 400;
const FRESH_FOR_MS = 5_000;
const MARKED_FOR_MS = 10_000;
/** One look that fails may be a moment's; the person is told of the second. */
const FAILURES_TO_TELL = 2;
/** Screens beside the event's: no look at the event changes them.
 * @type {State["screen"][]} */
const ASIDE = ["settings", "activity"];

export class Pane {
  #outlook;
  #session;
  #clock;
  #show;
  #poller = new Poller(() => this.#quietly({ asked: false }));
  #own;
  #pages = new HistoryPages(
    (cursor) => this.#session.history(this.#handle, cursor),
    (past) => this.#set({ past }),
  );
  /** @type {State} */
  #state = {
    screen: "loading",
    trouble: null,
    item: null,
    answer: null,
    form: null,
    formState: "saved",
    busy: null,
    me: null,
    saving: null,
    types: [],
    groups: [],
    lookedAt: null,
    changed: [],
    news: null,
    past: null,
    activity: null,
  };
  /** Grows with every act and look: an answer to an older question is not shown. */
  #turn = 0;
  #lookedAt = 0;
  /** What the form was like when it last agreed with what Exchange has. */
  #baseline = "";
  /** What Exchange had at that time. */
  #known = "";
  /** @type {AbortController | null} */
  #checking = null;
  #checked = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typing;
  #asking = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #marked;
  #looking = false;
  /** The trouble shown came from a look: the next look that succeeds ends it. */
  #troubleOfLook = true;
  /** @type {() => Promise<void>} what to do again after trouble */
  #again = () => this.load();

  /** @param {Outlook} outlook @param {Session} session @param {Clock} clock
   * @param {(state: State, acts: Pane) => void} show */
  constructor(outlook, session, clock, show) {
    this.#outlook = outlook;
    this.#session = session;
    this.#clock = clock;
    this.#show = show;
    this.#own = new OwnSettings(session, {
      state: () => this.#state,
      set: (change) => this.#set(change),
      news: (text) => this.#set(this.#news(text)),
      trouble: (error, again) => this.#trouble(error, again),
    });
  }

  /** @param {Partial<State>} change */
  #set(change) {
    this.#state = { ...this.#state, ...change };
    this.#show(this.#state, this);
  }

  /** Looks at the open event and shows it. */
  async load() {
    this.#poller.stop();
    this.#poller.sign();
    await this.#try("look", () => this.#look(), () => this.load());
  }

  /** A look in the background: trouble is shown only as a bar over what is known, and for a look
   * nobody asked for only when it goes on. What the server calls our fault ends the looking.
   * @param {{asked?: boolean}} [why] */
  async #quietly({ asked = true } = {}) {
    if (this.#state.busy || this.#looking || ASIDE.includes(this.#state.screen)) return;
    this.#looking = true;
    try {
      await this.#look();
    } catch (error) {
      this.#failed(error, asked);
    } finally {
      this.#looking = false;
    }
  }

  /** @param {unknown} error @param {boolean} asked */
  #failed(error, asked) {
    const status = error instanceof ApiError ? error.status : 400;
    const final = status >= 400 && status < 500 && status !== 429;
    if (final) this.#poller.stop();
    const failures = final ? FAILURES_TO_TELL : this.#poller.failed(/** @type {ApiError} */ (error).retryAfter);
    if (asked || failures >= FAILURES_TO_TELL) this.#trouble(error, () => this.load());
  }

  get #handle() {
    const { item } = this.#state;
    return { id: item?.id ?? "", owner: item?.owner ?? null };
  }

  get #isWaiting() {
    return this.#state.answer !== null && isOutstanding(this.#state.answer);
  }

  async #look() {
    const turn = ++this.#turn;
    const item = await this.#outlook.read();
    if (turn !== this.#turn) return;
    if (item === null || (item.id === null && item.surface === "read")) {
      this.#set({ ...this.#onEvent("empty"), item: null, answer: null, form: null });
      return;
    }
    if (item.id === null) {
      this.#set({ ...this.#onEvent(), item, answer: null, formState: "unsaved" });
      await this.#check(item);
      return;
    }
    const answer = await this.#answerFor({ id: item.id, owner: item.owner }, item);
    if (turn !== this.#turn) return;
    await this.#accept(item, answer);
  }

  /** A form whose event Exchange does not show yet is no error: it is judged as it stands.
   * @param {{id: string, owner: string | null}} handle @param {OpenItem} item */
  async #answerFor(handle, item) {
    try {
      return await this.#session.event(handle);
    } catch (error) {
      const unseen = error instanceof ApiError && error.code === "event_not_found";
      if (unseen && item.surface === "compose") return null;
      throw error;
    }
  }

  /** @param {OpenItem} item @param {EventAnswer | null} answer */
  async #accept(item, answer) {
    this.#lookedAt = performance.now();
    const formState = this.#compare(item, answer);
    this.#set({
      ...this.#onEvent(),
      ...this.#noteChanges(item, answer),
      item,
      answer,
      formState,
      ...(answer?.event ? { lookedAt: new Date().toISOString() } : {}),
      ...(formState === "saved" ? { form: null } : {}),
    });
    if (answer === null) this.#poller.stop();
    else this.#poller.schedule({ waiting: this.#isWaiting, nextAttemptAt: answer.link?.next_attempt_at });
    if (formState !== "saved") await this.#check(item);
  }

  /** What is different from the answer before: shown for a while, told once, and a reason to look
   * again soon.
   * @param {OpenItem} item @param {EventAnswer | null} answer @returns {Partial<State>} */
  #noteChanges(item, answer) {
    const { answer: before, item: known, changed, past } = this.#state;
    if (known?.id !== item.id || known?.owner !== item.owner) {
      this.#pages.forget();
      this.#poller.sign();
      return { changed: [], lookedAt: null, past: null };
    }
    if (before === null || saysTheSame(before, answer)) return {};
    this.#poller.sign();
    if (past !== null) void this.#pages.renew();
    const fields = changedFields(before.activity, answer?.activity);
    const ended = this.#state.trouble === null ? {} : { trouble: null };
    if (fields.length === 0) return ended;
    clearTimeout(this.#marked);
    this.#marked = setTimeout(() => this.#set({ changed: [] }), MARKED_FOR_MS);
    return {
      ...ended,
      changed: [...new Set([...changed, ...fields])],
      ...this.#news(`Record updated: ${listed(fieldWords(fields))} changed.`),
    };
  }

  /** The person opened the history. */
  async showHistory() {
    if (this.#state.item?.id) await this.#pages.open();
  }

  async showEarlier() {
    await this.#pages.more();
  }

  /** Outlook has no "saved" event. The form counts as edited from the moment it differs from what
   * it was, until Exchange shows a change too.
   * @param {OpenItem} item @param {EventAnswer | null} answer @returns {FormState} */
  #compare(item, answer) {
    if (answer === null) return "unseen";
    if (item.form === null || answer.event === null) return "saved";
    const known = fingerprint(answer.event);
    const now = JSON.stringify(item.form);
    if (known !== this.#known) {
      this.#known = known;
      this.#baseline = now;
    }
    return differs(item.form, answer.event) || now !== this.#baseline ? "edited" : "saved";
  }

  /** @param {"event" | "empty"} [screen] @returns {Partial<State>} */
  #onEvent(screen = "event") {
    // A look in the background must not throw the person out of the settings, or of a form.
    const shown = ASIDE.includes(this.#state.screen) ? this.#state.screen : screen;
    // What an act ran into stays to be read until something changes or the person goes on.
    return this.#troubleOfLook || this.#state.busy ? { screen: shown, trouble: null } : { screen: shown };
  }

  /** Asks for the verdict on the form, unless the same form was asked about last.
   * @param {OpenItem} item */
  async #check(item) {
    const asked = JSON.stringify([item.form, item.owner]);
    if (item.form === null || (asked === this.#checked && this.#state.form)) return;
    this.#checking?.abort();
    const asking = new AbortController();
    this.#checking = asking;
    try {
      const form = await this.#session.check(item.form, item.owner, asking.signal);
      if (asking.signal.aborted) return;
      this.#checked = asked;
      this.#set({ form });
    } catch (error) {
      if (!asking.signal.aborted) throw error;
    }
  }

  /** Outlook said that the form changed; typing makes many such calls. */
  formChanged() {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.#reread(), TYPING_PAUSE_MS);
  }

  /** The person came back to the pane: sensitivity and saving have no event of their own. */
  returned() {
    if (this.#state.busy || this.#state.screen === "loading") return;
    if (this.#state.screen === "blocked" || this.#state.screen === "sign_in") return;
    const stale = this.#isWaiting || performance.now() - this.#lookedAt > FRESH_FOR_MS;
    const mayLook = stale && this.#state.screen !== "activity";
    void (mayLook && this.#state.item?.id ? this.#quietly() : this.#reread());
  }

  /** Reads the form again; a look only if it has become another event, or a saved one. */
  async #reread() {
    if (this.#state.busy || !this.#state.item) return;
    const turn = this.#turn;
    try {
      const item = await this.#outlook.read();
      if (turn !== this.#turn) return;
      if (item === null || item.id !== this.#state.item.id) {
        // A form belongs to its event; what was typed into it is kept.
        return await (this.#state.screen === "activity" ? this.closeAside() : this.#quietly());
      }
      if (this.#state.screen === "activity") return;
      if (item.surface === "read") return;
      const formState = item.id === null ? "unsaved" : this.#compare(item, this.#state.answer);
      this.#set({ item, formState, ...(formState === "saved" ? { form: null } : {}) });
      if (formState !== "saved") await this.#check(item);
    } catch (error) {
      this.#trouble(error, () => this.load());
    }
  }

  /** T3, T8. An item that has an id is never saved by the pane. */
  async tick() {
    const isNew = this.#state.item?.id === null;
    if (isNew && !(await this.#agreed(confirmSaving))) return;
    await this.#repeatable("tick", () => this.#add(isNew));
  }

  /** @param {boolean} maySave the person agreed to have Outlook save the event */
  async #add(maySave) {
    const item = await this.#outlook.read();
    if (item === null) throw new OutlookError("nothing_open");
    if (item.id === null && !maySave) throw new OutlookError("id_unknown");
    // What had no id a moment ago, whoever saved it, may be unknown to Exchange for a while.
    const justSaved = ["unsaved", "unseen"].includes(this.#state.formState);
    const id = item.id ?? (await this.#outlook.saveNew());
    const answer = await this.#session.tick({ id, owner: item.owner }, justSaved);
    await this.#accept({ ...item, id }, answer);
  }

  /** T4: what would go is listed first. */
  async untick() {
    const { answer } = this.#state;
    if (!answer || !(await this.#agreed(() => confirmUntick(answer)))) return;
    await this.#repeatable("untick", () => this.#send((handle) => this.#session.untick(handle)));
  }

  /** One question at a time, and none while something is being done.
   * @param {() => Promise<boolean>} question */
  async #agreed(question) {
    if (this.#state.busy || this.#asking) return false;
    this.#asking = true;
    try {
      return await question();
    } finally {
      this.#asking = false;
    }
  }

  async undo() {
    await this.#repeatable("undo", () => this.#send((handle) => this.#session.undo(handle)));
  }

  /** An act whose "try again" is the same act, without asking again.
   * @param {Act} act @param {() => Promise<void>} run @returns {Promise<void>} */
  async #repeatable(act, run) {
    await this.#try(act, run, () => this.#repeatable(act, run));
  }

  /** @param {(handle: {id: string, owner: string | null}) => Promise<EventAnswer>} call */
  async #send(call) {
    const { item } = this.#state;
    if (!item?.id) return;
    await this.#accept(item, await call({ id: item.id, owner: item.owner }));
  }

  /** The one thing that helps against the trouble shown. */
  async remedy() {
    const { trouble } = this.#state;
    const again = this.#again;
    if (trouble?.remedy === "sign_in" || trouble?.remedy === "confirm_identity") {
      await this.signIn(again);
    } else {
      await again();
    }
  }

  /** @param {() => Promise<void>} [then] */
  async signIn(then = () => this.load()) {
    const claims = this.#state.trouble?.claims;
    let signedIn = false;
    await this.#try(
      "sign_in",
      async () => {
        await this.#session.signIn(claims);
        signedIn = true;
      },
      then,
    );
    if (signedIn) await then();
  }

  /** T6. The event's own looks rest while somebody fills in a form. */
  async openActivity() {
    const { item, busy, answer } = this.#state;
    if (busy || !item?.id || !answer?.can.add_activity) return;
    this.#poller.stop();
    this.#turn += 1;
    const around = {
      trouble: (/** @type {unknown} */ error, /** @type {() => Promise<void>} */ again) => this.#trouble(error, again, false),
      calm: () => this.#set({ trouble: null }),
      back: () => void this.closeAside(),
    };
    const activity = new ActivityForm(this.#session, this.#handle, this.#outlook.user, this.#clock, around);
    this.#set({ screen: "activity", activity, trouble: null });
    await activity.load();
  }

  async openSettings() {
    this.#poller.stop();
    this.#set({ screen: "settings", trouble: null });
    try {
      await this.#own.open();
    } catch (error) {
      this.#trouble(error, () => this.openSettings());
    }
  }

  /** @param {Mode} mode @param {boolean} on */
  async choose(mode, on) {
    const isDone = await this.change(on ? { enabled: true, mode } : { enabled: false }, mode);
    // The person went back to the event before the change arrived.
    if (isDone && !ASIDE.includes(this.#state.screen)) await this.load();
  }

  /** @param {Preferences} change @param {Saving} what @returns {Promise<boolean>} whether it is stored */
  async change(change, what) {
    return this.#own.change(change, what);
  }

  async syncNow() {
    await this.#own.syncNow();
  }

  /** @param {string} text @returns {Partial<State>} */
  #news(text) {
    return { news: { text, number: (this.#state.news?.number ?? 0) + 1 } };
  }

  /** Back from the settings or from a form to the event. */
  async closeAside() {
    const known = this.#state.answer !== null || this.#state.form !== null;
    this.#own.close();
    this.#checked = "";
    this.#set({ screen: known ? "event" : "loading", trouble: null });
    await this.load();
  }

  /** One act at a time, with its trouble in words and a way to do it again.
   * @param {Act} act @param {() => Promise<void>} run @param {() => Promise<void>} again */
  async #try(act, run, again) {
    if (this.#state.busy) return;
    if (act !== "look") this.#turn += 1;
    this.#poller.sign();
    this.#set({ busy: act, trouble: act === "look" ? this.#state.trouble : null });
    try {
      await run();
      this.#set({ busy: null });
    } catch (error) {
      this.#state = { ...this.#state, busy: null };
      this.#trouble(error, again, act === "look");
      if (this.#state.answer !== null && this.#state.screen === "event") {
        this.#poller.schedule({ waiting: this.#isWaiting });
      }
    }
  }

  /** @param {unknown} error @param {() => Promise<void>} again @param {boolean} [ofLook] */
  #trouble(error, again, ofLook = true) {
    const trouble = troubleOf(error);
    this.#troubleOfLook = ofLook;
    this.#again = again;
    if (trouble.code === "sign_in_needed" && this.#state.screen !== "activity") {
      this.#set({ screen: "sign_in", trouble: null });
      return;
    }
    const { answer, form, screen } = this.#state;
    const known = answer !== null || form !== null || ASIDE.includes(screen);
    this.#set({ trouble, screen: known ? screen : "blocked", ...refusal(error, answer) });
  }
}

/** A refused tick tells which rules said no: they are newer than those on the screen.
 * @param {unknown} error @param {EventAnswer | null} answer @returns {Partial<State>} */
function refusal(error, answer) {
  if (!(error instanceof ApiError) || error.status !== 422 || !answer) return {};
  const checks = /** @type {Verdict["checks"] | undefined} */ (error.problem.checks);
  if (!Array.isArray(checks)) return {};
  const verdict = { eligible: false, source: "graph", checks };
  return { answer: { ...answer, verdict, can: { ...answer.can, tick: false } } };
}
