// What the user may switch himself (T7, U): the sliders of Outlook Sync > User Preferences. What
// else belongs to the page has modules of its own.

import { el, fill, icon } from "../shared/dom.js";
import { blockList } from "./settings-blocked.js";
import { defaults } from "./settings-defaults.js";
import { watching } from "./settings-watching.js";

/** @import { Group, Me, Mode, Preferences } from "./types.js" */
/** @import { Clock } from "./time.js" */

/** @type {Record<Mode, {title: string, text: string}>} */
const MODES = {
  manual: {
    title: "Manual Calendar Sync",
    text: "You tick the events that belong in InterAction.",
  },
  combined: {
    title: "Combined (Auto and Manual Sync)",
    text: "Events with the contact types your firm selected are added by themselves; you tick others.",
  },
  automatic: {
    title: "Automatic Calendar Sync",
    text: "Events with the contact types your firm selected are added by themselves.",
  },
};

/** @typedef {Mode | "defaults" | "blocked" | "sync"} Saving  what is on its way to the server */
/** @typedef {{me: Me | null, types: string[], groups: Group[], saving: Saving | null, trouble: boolean,
 *   minute: string}} SettingsState
 *   types: those a record may have; groups: those one is in; minute: when this is drawn, as times in words grow old */
/** @typedef {{back(): void, choose(mode: Mode, on: boolean): void, syncNow(): void,
 *   change(change: Preferences, what: Saving): Promise<boolean>}} SettingsActs
 *   change: whether it was stored */

/** @param {Element} host @param {SettingsState} state @param {SettingsActs} acts @param {Clock} clock */
export function showSettings(host, state, acts, clock) {
  fill(host, ["settings", state], () => [
    el(
      "div",
      { class: "heading" },
      el(
        "button",
        { type: "button", id: "back", class: "quiet", click: () => acts.back() },
        icon("back"),
        el("span", { class: "unseen" }, "Back to the event"),
      ),
      el("h2", { id: "settings-title", tabindex: "-1" }, "Settings"),
    ),
    ...(state.me ? settingsOf(state.me, state, acts, clock) : [waiting(state.trouble)]),
  ]);
}

/** @param {boolean} trouble */
function waiting(trouble) {
  if (trouble) return el("p", { class: "hint" }, "Your settings could not be loaded.");
  return el(
    "div",
    { class: "skeleton" },
    el("p", { class: "unseen" }, "Loading…"),
    el("div", { class: "bone block" }),
    el("div", { class: "bone block" }),
  );
}

/** @param {Me} me @param {SettingsState} state @param {SettingsActs} acts @param {Clock} clock */
function settingsOf(me, { saving, types, groups }, acts, clock) {
  const hindrance = whyNot(me);
  return [
    hindrance &&
      el("div", { class: "note warning" }, icon("warning"), el("p", {}, hindrance)),
    el(
      "fieldset",
      { class: "card sliders", "aria-busy": saving ? "true" : "false" },
      el("legend", {}, "Calendar Sync"),
      ...offered(me).map((mode) => slider(mode, me, saving, hindrance !== null, acts)),
    ),
    watching(me, saving, acts, clock),
    defaults(me, types, groups, saving, acts),
    blockList(me, saving, acts),
    el(
      "p",
      { class: "hint" },
      "Signed in as ",
      el("bdi", {}, me.name),
      me.address ? ` (${me.address})` : "",
    ),
  ];
}

/** Manual and combined are always shown, so that the user sees what an admin would have to allow.
 * @param {Me} me @returns {Mode[]} */
function offered(me) {
  /** @type {Mode[]} */
  const always = ["manual", "combined"];
  return me.choosable_modes.includes("automatic") ? [...always, "automatic"] : always;
}

/** @param {Mode} mode @param {Me} me @param {Saving | null} saving @param {boolean} hindered
 * @param {SettingsActs} acts */
function slider(mode, me, saving, hindered, acts) {
  const { title, text } = MODES[mode];
  const on = me.enabled && me.mode === mode;
  const locked = hindered || !me.choosable_modes.includes(mode);
  const id = `mode-${mode}`;
  const input = el("input", {
    type: "checkbox",
    role: "switch",
    id,
    "aria-describedby": `${id}-text`,
    "aria-disabled": locked || saving !== null ? "true" : "false",
    click: (/** @type {Event} */ click) => {
      click.preventDefault();
      if (!locked && saving === null) acts.choose(mode, !on);
    },
  });
  input.checked = saving === mode ? !on : on;
  return el(
    "div",
    { class: "slider" },
    el("div", { class: "slider-words" }, el("label", { for: id }, title), el("p", { class: "hint", id: `${id}-text` }, locked && !hindered ? `${text} Your firm does not allow it.` : text)),
    input,
  );
}

/** Which switch is missing and who can flip it; null when the user can.
 * @param {Me} me */
function whyNot(me) {
  if (!me.firm_sync_enabled) {
    return "Calendar sync is switched off for your firm. Only an administrator can turn it on.";
  }
  if (me.address === null) {
    return "Your profile has no e-mail address, so your calendar cannot be found. Ask your administrator to add one.";
  }
  if (me.enabled_by_admin === false) {
    return "An administrator has switched calendar sync off for you. Only an administrator can turn it on again.";
  }
  if (!me.may_enable) {
    return "Your firm’s administrators decide who uses calendar sync. Ask them to turn it on for you.";
  }
  return null;
}
