// Puts the pane's state on the page: which screen, the message bar, the spoken status.

import { el, fill, icon } from "../shared/dom.js";
import { eventParts, spokenStatus } from "./event-view.js";
import { isEnterShortcut } from "./keys.js";
import { showSettings } from "./settings.js";

/** @import { Pane, State } from "./pane.js" */
/** @import { Clock } from "./time.js" */
/** @import { Saving } from "./settings.js" */
/** @import { Mode, Preferences } from "./types.js" */
/** @import { Remedy, Trouble } from "./words.js" */

const LONGEST_PRESS_MS = 1_000;

/** @type {Record<Remedy, string>} */
const REMEDIES = {
  retry: "Try again",
  sign_in: "Sign in",
  confirm_identity: "Continue",
  consent: "Try again",
  none: "Try again",
};

export class Screen {
  #main = part("main");
  #alert = part("alert");
  #status = part("status");
  #refresh = part("refresh");
  #settings = part("settings");
  /** @type {Pane | null} */
  #acts = null;
  /** @type {State["screen"]} */
  #screen = "loading";
  #pressed = false;
  /** The last state and the last news that were spoken. */
  #said = "";
  #told = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #longest;
  /** @type {(() => void) | null} what came to be shown while a button was down */
  #waiting = null;

  constructor() {
    document.addEventListener("pointerdown", () => this.#press(), true);
    for (const end of ["pointerup", "pointercancel"]) {
      // The click follows; only then may the thing clicked go.
      document.addEventListener(end, () => setTimeout(() => this.#letGo()), true);
    }
    document.addEventListener("keydown", (key) => {
      // A question that waits for its answer comes first.
      const isAsked = document.querySelector("dialog[open]") !== null;
      if (this.#screen !== "event" || isAsked || !isEnterShortcut(key)) return;
      key.preventDefault();
      void this.#acts?.openActivity();
    });
    this.#refresh.addEventListener("click", () => void this.#acts?.load());
    this.#settings.addEventListener("click", () => void this.#acts?.openSettings());
  }

  /** Shows the state, but never under a finger: the click that brings the person from Outlook's form
   * into the pane also makes the pane look again, and what is drawn anew in between gets no click.
   * @param {State} state @param {Pane} acts @param {Clock} clock */
  show(state, acts, clock) {
    if (this.#pressed) this.#waiting = () => this.#draw(state, acts, clock);
    else this.#draw(state, acts, clock);
  }

  #press() {
    this.#pressed = true;
    // Not every press is followed by its end: a menu of the system may take it.
    clearTimeout(this.#longest);
    this.#longest = setTimeout(() => this.#letGo(), LONGEST_PRESS_MS);
  }

  #letGo() {
    clearTimeout(this.#longest);
    this.#pressed = false;
    const draw = this.#waiting;
    this.#waiting = null;
    draw?.();
  }

  /** @param {State} state @param {Pane} acts @param {Clock} clock */
  #draw(state, acts, clock) {
    this.#acts = acts;
    const before = this.#screen;
    this.#screen = state.screen;
    this.#refresh.hidden = state.screen !== "event" && state.screen !== "empty";
    this.#settings.hidden = !["event", "empty"].includes(state.screen);
    this.#refresh.classList.toggle("turning", state.busy === "look");
    const busy = String(state.screen === "loading" || state.busy !== null);
    if (this.#main.getAttribute("aria-busy") !== busy) this.#main.setAttribute("aria-busy", busy);
    showTrouble(this.#alert, state.trouble, acts, state.busy !== null);
    this.#showMain(state, acts, clock);
    this.#say(state, clock);
    if (before !== "settings" && state.screen === "settings") part("settings-title").focus();
    if (before === "settings" && state.screen === "event") this.#settings.focus();
    if (before !== "activity" && state.screen === "activity") part("activity-title").focus();
    if (before === "activity" && state.screen === "event") document.getElementById("add-activity")?.focus();
    if (state.screen === "activity" && state.trouble) this.#alert.scrollIntoView({ block: "nearest" });
  }

  /** @param {State} state @param {Pane} acts @param {Clock} clock */
  #showMain(state, acts, clock) {
    switch (state.screen) {
      case "loading":
        return;
      case "sign_in":
        return fill(this.#main, ["sign_in", state.busy], () => welcome(acts, state.busy !== null));
      case "empty":
        return fill(this.#main, ["empty"], () => [
          el(
            "div",
            { class: "stage" },
            icon("calendar", "large"),
            el("h2", {}, "No event is open"),
            el("p", { class: "hint" }, "Open or create an event in your calendar to add it to InterAction."),
          ),
        ]);
      case "blocked":
        return fill(this.#main, ["blocked"], () => []);
      case "settings": {
        const { me, saving, trouble, types, groups } = state;
        const minute = new Date().toISOString().slice(0, 16);
        const settings = { me, types, groups, saving, trouble: trouble !== null, minute };
        const handlers = {
          back: () => void acts.closeAside(),
          choose: (/** @type {Mode} */ mode, /** @type {boolean} */ on) => void acts.choose(mode, on),
          change: (/** @type {Preferences} */ change, /** @type {Saving} */ what) => acts.change(change, what),
          syncNow: () => void acts.syncNow(),
        };
        return showSettings(this.#main, settings, handlers, clock);
      }
      case "activity": {
        const { activity } = state;
        return fill(this.#main, ["activity", activity?.number], () => [activity?.root]);
      }
      case "event": {
        const { item, answer, form, formState, busy, lookedAt, changed, past } = state;
        // Times in words grow old; what is shown to the minute need not be drawn more often.
        const minutes = [lookedAt, new Date().toISOString()].map((moment) => moment?.slice(0, 16));
        const shown = { item, answer, form, formState, busy, changed, past, minutes };
        return fill(this.#main, ["event", shown], () => eventParts(state, acts, clock));
      }
    }
  }

  /** A screen reader is told the state when it changes, and each piece of news once.
   * @param {State} state @param {Clock} clock */
  #say(state, clock) {
    const words = state.screen === "event" ? spokenStatus(state, clock) : "";
    const news = state.news && state.news.number !== this.#told ? state.news.text : "";
    this.#told = state.news?.number ?? 0;
    const isNew = words !== "" && words !== this.#said;
    if (!isNew && news === "") return;
    // The same sentence a second time is no change, and would not be read.
    const again = this.#status.textContent === news ? "\u00a0" : "";
    this.#status.textContent = `${[news, isNew ? words : ""].filter(Boolean).join(" ")}${again}`;
    if (isNew) this.#said = words;
  }

  /** Trouble before there was anything to show.
   * @param {Trouble} trouble @param {HTMLElement} button */
  showFatal(trouble, button) {
    this.#main.setAttribute("aria-busy", "false");
    this.#main.replaceChildren();
    this.#alert.replaceChildren(bar(trouble, [trouble.remedy === "none" ? null : button]));
  }
}

/** @param {Element} host @param {Trouble | null} trouble @param {Pane} acts @param {boolean} busy */
function showTrouble(host, trouble, acts, busy) {
  fill(host, [trouble, busy], () => (trouble ? [bar(trouble, remedies(trouble, acts, busy))] : []));
}

/** @param {Trouble} trouble @param {Pane} acts @param {boolean} busy */
function remedies({ remedy, consentUrl }, acts, busy) {
  if (remedy === "none") return [];
  const grant =
    remedy === "consent" && consentUrl
      ? el("a", { class: "button primary", href: consentUrl, target: "_blank", rel: "noopener noreferrer", id: "grant" }, "Grant access")
      : null;
  const again = el(
    "button",
    {
      type: "button",
      id: "remedy",
      class: grant ? "" : "primary",
      "aria-disabled": busy ? "true" : "false",
      click: () => void acts.remedy(),
    },
    REMEDIES[remedy],
  );
  return [grant, again];
}

/** @param {Trouble} trouble @param {(Node | null)[]} buttons */
function bar({ title, text, reference }, buttons) {
  return el(
    "section",
    { class: "note danger" },
    icon("warning"),
    el(
      "div",
      {},
      el("h2", {}, title),
      text ? el("p", { dir: "auto" }, text) : null,
      reference ? el("p", { class: "hint" }, "For support: ", el("code", {}, reference)) : null,
      el("div", { class: "actions" }, ...buttons),
    ),
  );
}

/** First run: what it is worth, before the sign-in.
 * @param {Pane} acts @param {boolean} busy */
function welcome(acts, busy) {
  return [
    el(
      "div",
      { class: "stage" },
      icon("person", "large"),
      el("h2", {}, "Your meetings, in InterAction"),
      el(
        "p",
        { class: "hint" },
        "Tick an event once: InterAction keeps one record of it and follows every change. Sign in " +
          "with your work account to see this event.",
      ),
      el(
        "button",
        {
          type: "button",
          id: "sign-in",
          class: "primary",
          "aria-disabled": busy ? "true" : "false",
          click: () => void acts.signIn(),
        },
        busy ? "Signing in…" : "Sign in",
      ),
    ),
  ];
}

/** @param {string} id */
function part(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no #${id}`);
  return element;
}
