// What a link's state means to a person: pure functions from the event answer to words.

import { reasonText, ruleName } from "./words.js";

/** @import { Check, EventAnswer, Link, Outstanding, Verdict } from "./types.js" */
/** @import { Clock } from "./time.js" */

/** @typedef {"good" | "busy" | "warning" | "neutral"} Tone */
/** @typedef {{tone: Tone, title: string, lines: string[], steps: string[]}} Status */

/** @type {Record<Outstanding, [adding: string, removing: string]>} */
const STEPS = {
  event: ["Waiting for Exchange to show the saved event", "Waiting for Exchange"],
  crm: ["Writing the record to InterAction", "Taking the record out of InterAction"],
  category: ["Putting the category on the event", "Taking the category off the event"],
};

/** @param {EventAnswer} answer @param {Clock} clock @returns {Status | null} null: never wanted */
export function statusOf(answer, clock) {
  const { link } = answer;
  if (!link) return null;
  switch (link.state) {
    case "pending":
      return pending(link);
    case "linked":
      return link.outstanding.length > 0 ? pending(link) : linked(answer, link);
    case "removing":
      return removing(link);
    case "removed":
      return link.outstanding.length > 0 ? removing(link) : removed(answer, link, clock);
    case "released":
      return released(answer, link);
  }
}

/** Whether the checkbox shows a tick. A released link keeps it while its category is still there.
 * @param {Link | null} link */
export function isTicked(link) {
  if (!link) return false;
  if (link.state === "released") return link.category !== "absent";
  return link.state === "pending" || link.state === "linked";
}

/** Whether the link is being worked on: something is outstanding, or another try is announced because
 * the look has found that Outlook and the record differ.
 * @param {EventAnswer} answer */
export function isOutstanding({ link }) {
  if (!link) return false;
  if (link.next_attempt_at !== null) return true;
  return link.outstanding.length > 0 || link.state === "pending" || link.state === "removing";
}

/** Why a linked record rests, and what would move it, where that is more than a rule's sentence.
 * @type {Record<string, {title: string, lines: string[]}>} */
const FROZEN = {
  paused: {
    title: "Paused",
    lines: [
      "An administrator has paused calendar sync. The record stays as it is.",
      "Changes you make meanwhile reach it when the pause ends.",
    ],
  },
  mass_change: {
    title: "Stopped to be safe",
    lines: [
      "Too many events of this calendar were deleted or changed at once, so nothing is changed in InterAction.",
      "An administrator has to look and decide. The record stays as it is until then.",
    ],
  },
  left_calendar: {
    title: "Moved out of your calendar",
    lines: [
      "The event is in another calendar now. Only your main calendar is synced.",
      "The record stays as it is. Move the event back, and updates go on by themselves.",
    ],
  },
  mailbox_unreachable: {
    title: "Your mailbox cannot be read",
    lines: [
      "Calendar Sync cannot read this mailbox at the moment. The record stays as it is.",
      "Updates go on by themselves. If this lasts, tell your administrator.",
    ],
  },
};

/** Released for another reason than an edit.
 * @type {Record<string, {title: string, lines: string[]}>} */
const RELEASED = {
  final: {
    title: "Final in InterAction",
    lines: [
      "The sync period of this event is over. Outlook no longer changes the record.",
      "Edit or delete it in InterAction.",
    ],
  },
  deleted_in_crm: {
    title: "Deleted in InterAction",
    lines: ["Somebody deleted the record there. No rule adds it again; a tick does."],
  },
  cancelled: {
    title: "Marked as cancelled in InterAction",
    lines: ["The meeting was cancelled in Outlook; its record says so and is no longer followed."],
  },
  deleted: {
    title: "Kept in InterAction",
    lines: ["The event was deleted in Outlook. Its record stays and is no longer followed."],
  },
};

/** @param {Link} link @returns {Status} */
function pending(link) {
  const blocked = reasonText(link.blocked_by);
  return {
    tone: blocked ? "warning" : "busy",
    title: blocked ? "Not added yet" : "Adding to InterAction…",
    lines: blocked ? [blocked, "It goes on by itself as soon as this is solved."] : [],
    steps: link.outstanding.map((what) => STEPS[what][0]),
  };
}

/** @param {EventAnswer} answer @param {Link} link @returns {Status} */
function linked(answer, link) {
  const frozen = link.blocked_by ? FROZEN[link.blocked_by] : null;
  if (frozen) return { tone: "warning", steps: [], ...frozen };
  if (link.blocked_by) {
    const why = reasonText(link.blocked_by) ?? failedMessage(answer.verdict, link.blocked_by);
    return {
      tone: "warning",
      title: "In InterAction, but not updated now",
      lines: [
        why ?? "Something keeps the record from being updated.",
        "The record stays as it is. Updates go on by themselves when this is solved.",
      ],
      steps: [],
    };
  }
  if (answer.activity?.status === "cancelled") {
    return {
      tone: "neutral",
      title: "Marked as cancelled in InterAction",
      lines: ["The meeting was cancelled in Outlook; its record says so."],
      steps: [],
    };
  }
  return {
    tone: "good",
    title: "In InterAction",
    lines: ["Changes you make in Outlook reach the record by themselves."],
    steps: [],
  };
}

/** @param {Link} link @returns {Status} */
function removing(link) {
  const blocked = reasonText(link.blocked_by);
  return {
    tone: blocked ? "warning" : "busy",
    title: blocked ? "Not removed yet" : "Removing from InterAction…",
    lines: blocked ? [blocked, "It goes on by itself as soon as this is solved."] : [],
    steps: link.outstanding.map((what) => STEPS[what][1]),
  };
}

/** @param {EventAnswer} answer @param {Link} link @param {Clock} clock @returns {Status | null} */
function removed(answer, link, clock) {
  if (answer.can.undo) {
    const until = clock.moment(link.undo_until);
    return {
      tone: "neutral",
      title: "Removed from InterAction",
      lines: [
        until ? `You can bring the same record back until ${until}.` : "You can bring it back.",
      ],
      steps: [],
    };
  }
  const why = reasonText(link.reason) ?? failedMessage(answer.verdict, link.reason);
  if (!why) return null;
  const lines = [why];
  if (link.category === "set") {
    lines.push("The category on the event is left where it is; it has no effect.");
  }
  return { tone: "warning", title: "Not in InterAction", lines, steps: [] };
}

/** @param {EventAnswer} answer @param {Link} link @returns {Status} */
function released(answer, link) {
  const told = link.reason ? RELEASED[link.reason] : null;
  if (told) return { tone: link.reason === "deleted_in_crm" ? "warning" : "neutral", steps: [], ...told };
  const editor = answer.activity?.edited_by;
  const who = editor?.name || editor?.address;
  return {
    tone: "warning",
    title: "No longer kept up to date",
    lines: [
      `${who || "Somebody"} edited the record in InterAction. Changes in Outlook no longer reach it.`,
    ],
    steps: [],
  };
}

/** What an admin has to grant, or what is waited for, when the category is not where it should be.
 * @param {Link} link @returns {{title: string, text: string} | null} */
export function categoryNote(link) {
  if (!["linked", "pending", "removing", "removed"].includes(link.state)) return null;
  const adding = isTicked(link);
  if (link.category === "not_permitted") {
    return {
      title: adding ? "The category could not be put on the event" : "The category is still there",
      text:
        "Calendar Sync may read this calendar but not change it. An administrator has to grant " +
        "the permission Calendars.ReadWrite to Calendar Sync. The record in InterAction is not " +
        "affected.",
    };
  }
  if (link.category === "waiting_for_user") {
    return {
      title: adding ? "The category will follow" : "The category will be taken off",
      text:
        "It is done the next time you open this pane on the event. To have it done in the " +
        "background, an administrator has to grant the application permission " +
        "Calendars.ReadWrite. The record in InterAction is not affected.",
    };
  }
  return null;
}

/** What an untick would take along, in words; notes, opportunities and initiatives (T4).
 * @param {EventAnswer} answer */
export function consequences({ activity }) {
  if (!activity) return [];
  const opportunities = activity.opportunity_ids?.length ?? 0;
  const initiatives = activity.initiative_ids?.length ?? 0;
  return [
    activity.notes ? "its notes" : "",
    counted(opportunities, "opportunity", "opportunities"),
    counted(initiatives, "initiative", "initiatives"),
  ].filter(Boolean);
}

/** @param {number} count @param {string} one @param {string} many */
function counted(count, one, many) {
  if (count === 0) return "";
  return `its link to ${count} ${count === 1 ? one : many}`;
}

/** The rules that count for a tick, in three groups that keep the backend's order.
 * @param {Verdict | null} verdict
 * @returns {{failed: Check[], unknown: Check[], passed: Check[]}} */
export function sorted(verdict) {
  const checks = (verdict?.checks ?? []).filter((check) => check.applies);
  return {
    failed: checks.filter((check) => check.passed === false),
    unknown: checks.filter((check) => check.passed === null),
    passed: checks.filter((check) => check.passed === true),
  };
}

/** What no form can change: where it cannot say, what was read from Exchange still holds. */
const FIXED_FACTS = ["not_organizer", "cancelled"];

/** @param {Verdict} form @param {Verdict | null} read @returns {Verdict} */
export function withFixedFacts(form, read) {
  const checks = form.checks.map((check) => {
    if (check.passed !== null || !FIXED_FACTS.includes(check.code)) return check;
    return read?.checks.find(({ code }) => code === check.code) ?? check;
  });
  return { ...form, checks };
}

/** What saving the open form would do to a record that exists (L9); null: nothing.
 * @param {Verdict | null} verdict of the form */
export function savingWouldEnd(verdict) {
  const codes = sorted(verdict).failed.map(({ code }) => code);
  if (codes.includes("private_event") || codes.includes("private_contact")) {
    return "If you save these changes, the record in InterAction is deleted for good.";
  }
  if (codes.includes("recurring_event")) {
    return "If you save these changes, the record in InterAction is no longer updated.";
  }
  return null;
}

/** @param {Check} check */
export function checkText(check) {
  if (check.passed === null) return ruleName(check.code);
  return check.message || ruleName(check.code);
}

/** @param {Verdict | null} verdict @param {string | null} code */
function failedMessage(verdict, code) {
  return verdict?.checks.find((check) => check.code === code && !check.passed)?.message ?? null;
}
