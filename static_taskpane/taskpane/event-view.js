// The screen of an open event: its head, the checkbox with its state, the receipt, the rules.

import { el, icon, quote } from "../shared/dom.js";
import { ENTER } from "./keys.js";
import { historyParts } from "./history-view.js";
import { recordCard } from "./record-view.js";
import { categoryNote, checkText, isTicked, savingWouldEnd, sorted, statusOf, withFixedFacts } from "./status.js";

/** @import { Child } from "../shared/dom.js" */
/** @import { Pane, State } from "./pane.js" */
/** @import { Clock } from "./time.js" */
/** @import { Check, EventAnswer, EventAttendee, Other, Verdict } from "./types.js" */

const LABEL = "Add this Event to InterAction";
const CRM_URL = "../crm/";

/** The rules that are switches, not facts of the event. */
const SWITCHES = ["firm_sync_off", "mode_not_allowed", "no_online_server", "user_not_enabled"];

/** Which parts the person has opened or closed, over all redraws.
 * @type {Map<string, boolean>} */
const opened = new Map();

/** @param {State} state @param {Pane} acts @param {Clock} clock @returns {Child[]} */
export function eventParts(state, acts, clock) {
  const verdict = verdictOf(state);
  const own = state.answer?.event?.is_organizer !== false;
  return [
    head(state, clock),
    lastKnown(state.answer),
    ...(state.answer?.others ?? []).map(otherRecord),
    own ? enablePrompt(verdict, acts) : null,
    own ? syncCard(state, verdict, acts, clock) : guestCard(state.answer, acts),
    recordCard(state.answer?.activity, state.changed, clock),
    own ? rules(state, verdict, acts) : null,
    own ? addActivityCard(state.answer, acts) : null,
    state.answer ? attendees(state.answer.event?.attendees ?? []) : null,
    state.answer && state.item?.id ? past(state.past, acts, clock) : null,
  ];
}

/** One sentence for screen readers when something changed.
 * @param {State} state @param {Clock} clock */
export function spokenStatus(state, clock) {
  if (state.busy && state.busy !== "look") return "Working…";
  const status = state.answer ? statusOf(state.answer, clock) : null;
  if (status) return [`${status.title}.`, ...status.lines].join(" ");
  if (state.answer?.event?.is_organizer === false) return "Only the organizer can add this event.";
  return summary(verdictOf(state));
}

/** The form decides while Exchange does not know it yet; else Exchange does (T2).
 * @param {State} state @returns {Verdict | null} */
function verdictOf({ answer, form, formState }) {
  const read = answer?.verdict ?? null;
  return formState === "saved" || form === null ? read : withFixedFacts(form, read);
}

/** @param {State} state @param {Clock} clock */
function head({ item, answer, formState }, clock) {
  const event = answer?.event;
  const subject = event?.subject || item?.subject || "";
  const when = event
    ? clock.span(event)
    : clock.span({ start: item?.form?.start ?? null, end: item?.form?.end ?? null });
  const chips = [
    formState === "unsaved" && "Not saved yet",
    formState === "edited" && "Unsaved changes",
    event?.is_draft && "Invitations not sent yet",
    event?.is_cancelled && "Cancelled",
  ].filter((chip) => typeof chip === "string");
  return el(
    "section",
    { class: "event-head", "data-key": "head", "aria-labelledby": "subject" },
    el("h2", { id: "subject", dir: "auto", class: subject ? "" : "faint" }, subject || "(No subject)"),
    when ? el("p", { class: "hint" }, when) : null,
    item?.owner ? el("p", { class: "hint" }, "In the calendar of ", quote(item.owner)) : null,
    chips.length > 0 && el("p", { class: "chips" }, ...chips.map((chip) => el("span", { class: "chip" }, chip))),
  );
}

/** Without Microsoft 365 the answer holds only what we remember of the link.
 * @param {EventAnswer | null} answer */
function lastKnown(answer) {
  if (answer === null || answer.event !== null || answer.link?.outstanding.includes("event")) return null;
  return el(
    "section",
    { class: "note", "data-key": "last-known" },
    icon("info"),
    el("p", {}, "Microsoft 365 does not answer at the moment. This is what Calendar Sync knows."),
  );
}

/** T5: the meeting is in the CRM already, by somebody else or by hand.
 * @param {Other} other */
function otherRecord({ activity_id: id, by, kind, visible }) {
  const how = kind === "added" ? "added" : "synced";
  return el(
    "section",
    { class: "note", "data-key": `other ${id}` },
    icon("info"),
    el(
      "div",
      {},
      el(
        "p",
        {},
        visible && by ? "This meeting is already in InterAction, " : "This meeting is already in InterAction.",
        visible && by ? `${how} by ` : null,
        visible && by ? quote(by) : null,
        visible && by ? "." : null,
      ),
      visible && id ? el("p", {}, recordLink(id, "Open the record")) : null,
    ),
  );
}

/** T7: which switch is missing, and the way to it where the user may flip it.
 * @param {Verdict | null} verdict @param {Pane} acts */
function enablePrompt(verdict, acts) {
  const missing = sorted(verdict).failed.filter(({ code }) => SWITCHES.includes(code));
  if (missing.length === 0) return null;
  const own = missing.every(({ fix }) => fix?.action === "open_settings");
  return el(
    "section",
    { class: "note accent", "data-key": "prompt", "aria-labelledby": "prompt-title" },
    icon("info"),
    el(
      "div",
      {},
      el("h2", { id: "prompt-title" }, own ? "Turn on Calendar Sync" : "Calendar Sync is not available"),
      ...missing.map(({ message, fix }) => el("p", { dir: "auto" }, `${message} ${fix?.text ?? ""}`)),
      own &&
        el(
          "div",
          { class: "actions" },
          el(
            "button",
            { type: "button", id: "enable", class: "primary", click: () => void acts.openSettings() },
            "Enable Calendar Sync",
          ),
        ),
    ),
  );
}

/** @param {State} state @param {Verdict | null} verdict @param {Pane} acts @param {Clock} clock */
function syncCard(state, verdict, acts, clock) {
  const { answer, busy } = state;
  const status = answer ? statusOf(answer, clock) : null;
  const working = busy !== null && busy !== "look" && busy !== "sign_in";
  return el(
    "section",
    { class: `card sync ${status?.tone ?? ""}`, "data-key": "sync", "aria-label": "Sync" },
    checkbox(state, verdict, acts),
    working && el("p", { class: "doing", "data-key": "doing" }, el("span", { class: "spinner" }), busyWords(busy)),
    !working && status
      ? el(
          "div",
          { class: "state", "data-key": "state" },
          el("h3", {}, toneIcon(status.tone), status.title),
          ...status.lines.map((line) => el("p", { class: "hint", dir: "auto" }, line)),
          status.steps.length > 0 &&
            el("ul", { class: "steps" }, ...status.steps.map((step) => el("li", {}, el("span", { class: "spinner" }), step))),
        )
      : null,
    !working && answer ? offers(answer, acts) : null,
    answer ? receipt(answer, state.lookedAt, clock) : null,
  );
}

/** @param {State} state @param {Verdict | null} verdict @param {Pane} acts */
function checkbox(state, verdict, acts) {
  const link = state.answer?.link ?? null;
  const ticked = isTicked(link);
  const { tick, untick } = allowed(state, verdict);
  const locked = state.busy !== null && state.busy !== "look" ? true : ticked ? !untick : !tick;
  const hint = tickHint(state, verdict, locked);
  const input = el("input", {
    type: "checkbox",
    id: "tick",
    "aria-disabled": locked ? "true" : "false",
    "aria-describedby": hint ? "tick-hint" : null,
    click: (/** @type {Event} */ click) => {
      // The box shows what the backend says, not what was clicked.
      click.preventDefault();
      if (!locked) void (ticked ? acts.untick() : acts.tick());
    },
  });
  input.checked = state.busy === "tick" ? true : state.busy === "untick" ? false : ticked;
  return el(
    "div",
    { class: "tick", "data-key": "tick" },
    input,
    el("div", {}, el("label", { for: "tick" }, LABEL), hint ? el("p", { class: "hint", id: "tick-hint" }, hint) : null),
  );
}

/** @param {State} state @param {Verdict | null} verdict */
function allowed({ answer, form, formState }, verdict) {
  const noFailure = sorted(verdict).failed.length === 0;
  if (answer === null) return { tick: form !== null && noFailure, untick: false };
  // What the person is about to save must not be contradicted by what was saved before.
  const formAgrees = formState !== "edited" || noFailure;
  return { tick: answer.can.tick && formAgrees, untick: answer.can.untick };
}

/** @param {State} state @param {Verdict | null} verdict @param {boolean} locked */
function tickHint({ answer, formState }, verdict, locked) {
  const link = answer?.link;
  const ending = formState === "edited" && isTicked(link ?? null) ? savingWouldEnd(verdict) : null;
  if (ending) return ending;
  if (link && (link.state !== "removed" || answer.can.undo)) return "";
  const failed = sorted(verdict).failed.length;
  if (failed > 0) return failed === 1 ? "One thing has to change first." : `${failed} things have to change first.`;
  if (formState === "edited" && locked) return "Save your changes first.";
  if (formState === "edited") return "What counts is the event as it is saved.";
  if (formState === "unsaved" && verdict) return "Outlook will save this event first.";
  if (formState === "unseen") return "Saved in Outlook. Exchange may take a few minutes to show it.";
  return "";
}

/** @param {State["busy"]} busy */
function busyWords(busy) {
  if (busy === "tick") return "Adding…";
  if (busy === "undo") return "Bringing the record back…";
  return "Removing…";
}

/** @param {import("./status.js").Tone} tone */
function toneIcon(tone) {
  if (tone === "good") return icon("check", "good");
  if (tone === "warning") return icon("warning", "warning");
  return tone === "neutral" ? icon("info") : el("span", { class: "spinner" });
}

/** @param {EventAnswer} answer @param {Pane} acts */
function offers({ can, link }, acts) {
  const buttons = [
    can.undo &&
      el("button", { type: "button", id: "undo", click: () => void acts.undo() }, icon("undo"), "Undo"),
    link?.state === "released" && can.tick && isTicked(link) &&
      el("button", { type: "button", id: "relink", click: () => void acts.tick() }, "Keep up to date again"),
  ];
  return buttons.some(Boolean) ? el("div", { class: "actions", "data-key": "offers" }, ...buttons) : null;
}

/** T10. @param {EventAnswer} answer @param {string | null} lookedAt @param {Clock} clock */
function receipt(answer, lookedAt, clock) {
  const { link, activity } = answer;
  if (!link) return null;
  const note = categoryNote(link);
  const id = activity?.id ?? (isTicked(link) ? link.activity_id : null);
  const phase = activity?.phase === "activity" ? "Activity" : "Appointment";
  /** @type {[string, Child][]} */
  const rows = [
    ["Record", id ? el("span", {}, recordLink(id, phase), " ", el("span", { class: "id" }, id)) : null],
    ["Why", why(link)],
    ["Last checked", time(lookedAt, clock)],
    ["Last change seen", time(link.last_change_seen_at, clock)],
    ["Written", time(link.written_at, clock)],
    ["Next attempt", time(link.next_attempt_at, clock)],
  ];
  const present = link.state === "removed" ? [] : rows.filter(([, value]) => Boolean(value));
  return el(
    "div",
    { class: "receipt", "data-key": "receipt" },
    note && el("div", { class: "note warning" }, icon("warning"), el("div", {}, el("h3", {}, note.title), el("p", {}, note.text))),
    present.length > 0 && el("dl", { class: "facts" }, ...present.map(([title, value]) => el("div", {}, el("dt", {}, title), el("dd", {}, value)))),
  );
}

/** @param {import("./types.js").Link} link */
function why({ because, origin }) {
  if (because) return el("span", {}, "Added because ", quote(because.replace(/^added because /i, "")));
  return origin === "automatic" ? "Selected by your firm’s rules" : null;
}

/** @param {string | null} iso @param {Clock} clock */
function time(iso, clock) {
  return iso ? el("time", { datetime: iso }, clock.moment(iso)) : null;
}

/** T10: what was seen, decided and written; loaded when somebody opens it.
 * @param {State["past"]} state @param {Pane} acts @param {Clock} clock */
function past(state, acts, clock) {
  const list = el("div", { class: "history" }, ...historyParts(state, acts, clock));
  const show = () => void acts.showHistory();
  const element = details("history", "History", false, list, show);
  // It was left open beside another event. Not while the page is being drawn.
  if (element.open && state === null) queueMicrotask(show);
  return element;
}

/** T6: for everybody who can read the event; not for private ones, and it says why.
 * @param {EventAnswer | null} answer @param {Pane} acts @param {"primary" | ""} [rank] */
function addActivity(answer, acts, rank = "") {
  if (answer?.event && answer.event.sensitivity !== "normal" && !answer.can.add_activity) {
    return el("p", { class: "hint" }, "Private and confidential events are never added to InterAction.");
  }
  if (!answer?.can.add_activity) return null;
  return el(
    "div",
    { class: "actions centred" },
    el(
      "button",
      { type: "button", id: "add-activity", class: rank, "aria-keyshortcuts": ENTER.names, click: () => void acts.openActivity() },
      "Add Activity",
    ),
    el("span", { class: "hint" }, el("kbd", {}, ENTER.shown)),
  );
}

/** @param {EventAnswer | null} answer @param {Pane} acts */
function addActivityCard(answer, acts) {
  const offer = addActivity(answer, acts);
  if (!answer?.can.add_activity) return offer && el("section", { class: "card", "data-key": "add-activity" }, offer);
  return el(
    "section",
    { class: "card", "data-key": "add-activity", "aria-labelledby": "add-activity-title" },
    el("h3", { id: "add-activity-title" }, "Record it once"),
    el("p", { class: "hint" }, "With an opportunity, notes, or other people: one record that stays as you make it."),
    offer,
  );
}

/** T5: no checkbox, one sentence why, and where to go.
 * @param {EventAnswer | null} answer @param {Pane} acts */
function guestCard(answer, acts) {
  const organizer = answer?.event?.organizer;
  const who = organizer?.name || organizer?.address;
  return el(
    "section",
    { class: "card", "data-key": "guest", "aria-label": "Sync" },
    el(
      "p",
      {},
      "Only the organizer",
      ...(who ? [", ", quote(who), ","] : []),
      " can keep this event in InterAction.",
    ),
    answer?.can.add_activity ? el("p", { class: "hint" }, "You can record the meeting yourself.") : null,
    addActivity(answer, acts, "primary"),
  );
}

/** T2: what has to change first, then what is known later, then what is in order.
 * @param {State} state @param {Verdict | null} verdict @param {Pane} acts */
function rules(state, verdict, acts) {
  if (!verdict) {
    return state.answer ? null : el("div", { class: "skeleton" }, el("div", { class: "bone block" }));
  }
  const { failed, unknown, passed } = sorted(verdict);
  const link = state.answer?.link;
  const prompted = failed.length > 0 && failed.every(({ code }) => SWITCHES.includes(code));
  const settled = Boolean(link && ["linked", "pending", "released"].includes(link.state));
  return details(
    "rules",
    summary(verdict),
    prompted ? false : !settled || failed.length > 0,
    el(
      "ul",
      { class: "rules" },
      ...failed.map((check) => failedRule(check, acts)),
      ...unknown.map((check) => el("li", { "data-key": check.code }, icon("later", "faint"), el("div", {}, checkText(check), el("span", { class: "hint" }, " Checked when saved")))),
      ...passed.map((check) => el("li", { "data-key": check.code }, icon("check", "good"), el("div", {}, el("span", { class: "unseen" }, "In order: "), checkText(check)))),
    ),
  );
}

/** @param {Check} check @param {Pane} acts */
function failedRule(check, acts) {
  const { fix } = check;
  return el(
    "li",
    { class: "failed", "data-key": check.code },
    icon("cross", "danger"),
    el(
      "div",
      {},
      el("span", { class: "unseen" }, "To change: "),
      el("strong", { dir: "auto" }, checkText(check)),
      fix?.text ? el("p", { class: "hint", dir: "auto" }, fix.text) : null,
      fix?.action === "consent"
        ? el("button", { type: "button", class: "link", id: `fix-${check.code}`, click: () => void acts.signIn() }, "Grant access")
        : null,
    ),
  );
}

/** @param {Verdict | null} verdict */
function summary(verdict) {
  if (!verdict) return "Checking…";
  const { failed, unknown, passed } = sorted(verdict);
  if (failed.length > 0) {
    return failed.length === 1 ? "One thing to change" : `${failed.length} things to change`;
  }
  const all = unknown.length + passed.length;
  if (unknown.length > 0) return `${passed.length} of ${all} checks in order, the rest when saved`;
  return `All ${all} checks in order`;
}

/** @param {EventAttendee[]} people */
function attendees(people) {
  if (people.length === 0) return null;
  const groups = { matched: "In InterAction", unmatched: "Not in InterAction", excluded: "Left out", group: "Group, not matched" };
  const known = people.filter(({ match }) => match === "matched").length;
  return details(
    "attendees",
    `Attendees: ${people.length}, ${known} in InterAction`,
    false,
    el(
      "ul",
      { class: "people" },
      ...people.map((person) =>
        el("li", {}, el("span", { class: "who" }, quote(person.name || person.address || "?")), el("span", { class: `match ${person.match}` }, groups[person.match] ?? person.match)),
      ),
    ),
  );
}

/** @param {string} id @param {string} title @param {boolean} open @param {Node} content
 * @param {() => void} [onOpen] */
function details(id, title, open, content, onOpen) {
  const element = el("details", { id, class: "card" }, el("summary", { id: `${id}-summary` }, title), content);
  element.open = opened.get(id) ?? open;
  element.querySelector("summary")?.addEventListener("click", () => {
    opened.set(id, !element.open);
    if (!element.open) onOpen?.();
  });
  return element;
}

/** @param {string} id @param {string} text */
function recordLink(id, text) {
  return externalLink(`${CRM_URL}activities/${encodeURIComponent(id)}`, text);
}

/** @param {string} href @param {string} text */
function externalLink(href, text) {
  return el("a", { href, target: "_blank", rel: "noopener" }, text, el("span", { class: "unseen" }, " (opens a new window)"));
}
