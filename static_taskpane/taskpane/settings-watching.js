// How the user's calendar is watched: in words, with the three times (S5), what keeps it from being
// watched, how far a first reading has come, and the button that has it looked at now.

import { el, icon } from "../shared/dom.js";

/** @import { Child } from "../shared/dom.js" */
/** @import { Me } from "./types.js" */
/** @import { Clock } from "./time.js" */
/** @import { Saving, SettingsActs } from "./settings.js" */

/** @type {Record<string, string>} */
const STATES = {
  firm_off: "Calendar sync is off for your firm.",
  disabled: "Your calendar is not watched, because calendar sync is off for you.",
  paused: "An administrator has paused calendar sync. Nothing is lost: it catches up afterwards.",
  no_server: "No Exchange Online server is assigned to you, so your calendar cannot be read. Ask your administrator.",
  problem: "Your calendar cannot be read at the moment.",
  first_pull: "Your calendar is being read for the first time.",
  resync: "Your calendar is being read anew.",
  watching: "Your calendar is watched. Changes in Outlook reach InterAction by themselves.",
};

const RESTING = ["firm_off", "disabled", "paused", "no_server"];

/** @param {Me} me @param {Saving | null} saving @param {SettingsActs} acts @param {Clock} clock */
export function watching(me, saving, acts, clock) {
  const { state, problem_advice: advice, problem_since: since } = me;
  const isResting = RESTING.includes(state);
  return el(
    "section",
    { class: "card", "data-key": "watching", "aria-labelledby": "watching-title" },
    el("h3", { id: "watching-title" }, "Your calendar"),
    el("p", { class: "watch-state", id: "watch-state" }, stateIcon(state), STATES[state] ?? ""),
    state === "problem" && advice
      ? el("div", { class: "note warning" }, icon("warning"), el("div", {}, el("p", {}, advice), since ? el("p", { class: "hint" }, "Since ", time(since, clock)) : null))
      : null,
    progress(me, clock),
    times(me, clock),
    el(
      "div",
      { class: "actions" },
      el(
        "button",
        {
          type: "button",
          id: "sync-now",
          "aria-disabled": isResting || saving !== null ? "true" : "false",
          "aria-describedby": "watch-state",
          click: () => {
            if (!isResting && saving === null) acts.syncNow();
          },
        },
        icon("refresh"),
        saving === "sync" ? "Asking…" : "Sync now",
      ),
    ),
  );
}

/** @param {string} state */
function stateIcon(state) {
  if (state === "watching") return icon("check", "good");
  if (state === "problem") return icon("warning", "warning");
  return ["first_pull", "resync"].includes(state) ? el("span", { class: "spinner" }) : icon("info");
}

/** How much is to come Graph does not say, so there is no bar that would pretend to know.
 * @param {Me} me @param {Clock} clock */
function progress({ progress: reading, state }, clock) {
  if (!reading || !["first_pull", "resync"].includes(state)) return null;
  const events = reading.events === 1 ? "1 event" : `${reading.events.toLocaleString()} events`;
  return el("p", { class: "hint", id: "watch-progress" }, `${events} read so far, begun `, time(reading.since, clock, true), ".");
}

/** @param {Me} me @param {Clock} clock */
function times(me, clock) {
  /** @type {[string, string | null][]} */
  const rows = [
    ["Last Automatic Sync", me.changed_at],
    ["Last checked", me.checked_at],
    ["Last written", me.written_at],
  ];
  return el(
    "dl",
    { class: "facts" },
    ...rows.map(([title, at]) => el("div", {}, el("dt", {}, title), el("dd", {}, at ? time(at, clock) : "Not yet"))),
  );
}

/** @param {string} iso @param {Clock} clock @param {boolean} [isAgo] @returns {Child} */
function time(iso, clock, isAgo = false) {
  return el("time", { datetime: iso }, isAgo ? clock.ago(iso) : clock.moment(iso));
}
