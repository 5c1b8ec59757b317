// The pane's own sentences: for failures that carry none, for rules nobody could check yet and for
// the reasons of a link. Sentences about an event's rules come from the backend's checks.

import { ApiError } from "../shared/api.js";
import { SignInError } from "./auth.js";
import { OutlookError } from "./office-call.js";

/** @typedef {"retry" | "sign_in" | "confirm_identity" | "consent" | "none"} Remedy */
/** @typedef {{code: string, title: string, text: string, remedy: Remedy, consentUrl?: string,
 *   claims?: string | null, reference?: string | null}} Trouble  a failure in words, with the one thing that helps */

/** What each rule is about, for the time in which it cannot be judged.
 * @type {Record<string, string>} */
const RULE_NAMES = {
  firm_sync_off: "Calendar sync of your firm",
  mode_not_allowed: "Manual sync is allowed",
  no_online_server: "Exchange Online server",
  user_not_enabled: "Calendar sync is on for you",
  not_organizer: "You are the organizer",
  private_event: "Not private or confidential",
  recurring_event: "Not a recurring event",
  outside_window: "Within the sync period",
  private_contact: "No private contacts invited",
  cancelled: "Not cancelled",
  external_organizer: "Organized by your firm",
  created_before_activation: "Created after sync was enabled",
  no_selected_contact_type: "A contact of a selected type",
  opted_out: "Not taken out by you",
  internal_only: "Internal events",
  blocked_address: "No blocked addresses",
  draft_event: "Invitations are sent",
  before_commencement: "Not before the firm’s sync began",
  no_contact: "Somebody invited is a contact",
};

/** @param {string} code */
export function ruleName(code) {
  return RULE_NAMES[code] ?? code;
}

/** Why a link stands as it does. The codes of the rules also appear here when a rule took the
 * record away or holds it still.
 * @type {Record<string, string>} */
const REASONS = {
  firm_sync_off: "Calendar sync is switched off for your firm.",
  mode_not_allowed: "Your settings no longer allow this way of syncing.",
  no_online_server: "No Exchange Online server is assigned to this calendar.",
  user_not_enabled: "Calendar sync is switched off for this calendar.",
  not_organizer: "This calendar’s owner is not the organizer.",
  private_event: "The event is private. Nothing about it is kept in InterAction.",
  recurring_event: "Recurring events cannot be synced.",
  outside_window: "The event lies outside the sync period.",
  private_contact: "A private contact is invited. Nothing about the event is kept.",
  cancelled: "The event was cancelled.",
  internal_only: "Nobody outside your firm is invited.",
  blocked_address: "Someone invited is on a block list.",
  no_selected_contact_type: "Nobody invited has a contact type that your firm selected.",
  external_organizer: "The organizer is not a member of your firm.",
  draft_event: "The invitations have not been sent yet.",
  before_commencement: "The event ended before your firm’s sync began.",
  no_contact: "Nobody invited is a contact in InterAction.",
  already_linked: "This meeting is already synced from another calendar.",
  event_not_found: "Outlook never showed the saved event, so nothing was added.",
  left_calendar: "The event is no longer in your main calendar. It may have been moved.",
  gone: "The event is no longer in your calendar.",
  deleted: "The event was deleted in Outlook.",
  paused: "Calendar sync is paused by an administrator.",
  mailbox_unreachable: "Your mailbox cannot be read at the moment.",
  mass_change: "Too many events changed at once; an administrator has to look before anything changes.",
  graph_unavailable: "Microsoft 365 does not answer.",
  crm_unavailable: "InterAction does not answer.",
};

/** @param {string | null | undefined} code @returns {string | null} */
export function reasonText(code) {
  if (!code) return null;
  return REASONS[code] ?? null;
}

/** @type {Record<string, Omit<Trouble, "code">>} */
const TROUBLES = {
  nothing_open: {
    title: "No event is open",
    text: "Open the event again, then try again.",
    remedy: "retry",
  },
  offline: {
    title: "You are offline",
    text: "Nothing is lost. Connect to the internet and try again.",
    remedy: "retry",
  },
  unreachable: {
    title: "Calendar Sync cannot be reached",
    text: "The server does not answer. Check your connection and try again.",
    remedy: "retry",
  },
  timeout: {
    title: "This takes too long",
    text: "The server has not answered in time. It may still finish; try again to see.",
    remedy: "retry",
  },
  sign_in_needed: {
    title: "Please sign in",
    text: "Nothing you typed is lost.",
    remedy: "sign_in",
  },
  already_removed: {
    title: "This activity was removed again",
    text: "It had been added, and somebody has deleted it in InterAction since. Try again to add it anew.",
    remedy: "retry",
  },
  sync_off: {
    title: "Nothing to sync",
    text: "Calendar sync is off or paused, so your calendar is not looked at.",
    remedy: "none",
  },
  token_invalid: {
    title: "Please sign in again",
    text: "Your sign-in was not accepted.",
    remedy: "sign_in",
  },
  sign_in_cancelled: {
    title: "Sign-in was cancelled",
    text: "Sign in to see whether this event is in InterAction.",
    remedy: "sign_in",
  },
  sign_in_unavailable: {
    title: "This Outlook cannot sign you in",
    text:
      "It offers add-ins no way to sign in to Microsoft 365. Update Outlook, or open the event in " +
      "Outlook on the web. If nobody can sign in, the server’s sign-in file is missing: tell your " +
      "administrator.",
    remedy: "retry",
  },
  claims_required: {
    title: "Confirm it’s you",
    text: "Your organization asks you to confirm your identity before Calendar Sync may go on.",
    remedy: "confirm_identity",
  },
  consent_required: {
    title: "Permission needed",
    text:
      "Calendar Sync may not read your calendar yet. Grant access, or ask your administrator to " +
      "grant it for everybody, then try again.",
    remedy: "consent",
  },
  unknown_firm: {
    title: "Your organization does not use Calendar Sync",
    text: "You are signed in, but your organization is not set up here. Ask your administrator.",
    remedy: "none",
  },
  forbidden: {
    title: "Not allowed",
    text: "You have no right to do this with this calendar. Ask its owner or your administrator.",
    remedy: "retry",
  },
  invalid_event_id: {
    title: "This event cannot be identified",
    text: "Outlook gave an id that is not valid. Close the event, open it again and try again.",
    remedy: "retry",
  },
  event_not_found: {
    title: "Exchange does not show this event",
    text: "After saving it can take a few minutes. If you deleted the event, there is nothing to do.",
    remedy: "retry",
  },
  nothing_to_undo: {
    title: "Nothing to undo",
    text: "The time for bringing the record back is over, or it is back already.",
    remedy: "retry",
  },
  changed_meanwhile: {
    title: "It changed meanwhile",
    text: "Somebody else changed the same thing. Look again, then decide.",
    remedy: "retry",
  },
  graph_unavailable: {
    title: "Microsoft 365 does not answer",
    text: "Your event cannot be read at the moment. What is already synced stays as it is.",
    remedy: "retry",
  },
  crm_unavailable: {
    title: "InterAction does not answer",
    text: "Its records cannot be reached at the moment. Nothing is lost; try again in a moment.",
    remedy: "retry",
  },
  rate_limited: {
    title: "Too many requests",
    text: "Please wait a moment, then try again.",
    remedy: "retry",
  },
  server_error: {
    title: "Something went wrong",
    text: "The fault is on our side. Nothing was lost; try again in a moment.",
    remedy: "retry",
  },
  office_js_missing: {
    title: "Outlook’s add-in library is blocked",
    text: "It could not be loaded. A firewall or browser extension may block it.",
    remedy: "retry",
  },
  office_js_silent: {
    title: "Outlook does not answer",
    text: "Close the pane, open it again, or try again here.",
    remedy: "retry",
  },
  not_in_outlook: {
    title: "Open this in Outlook",
    text: "This page belongs beside an event in Outlook. Open an event there and choose InterAction.",
    remedy: "none",
  },
  not_an_appointment: {
    title: "Open a calendar event",
    text: "This is a message. Open the event itself in your calendar.",
    remedy: "retry",
  },
  id_unknown: {
    title: "Outlook cannot say which event this is",
    text: "Save the event, close it, open it again and try again.",
    remedy: "retry",
  },
  already_saved: {
    title: "The event is saved already",
    text: "Look again: it can be added now without saving.",
    remedy: "retry",
  },
  save_failed: {
    title: "Outlook could not save the event",
    text: "Nothing was added. Save the event in Outlook, then tick the box.",
    remedy: "retry",
  },
};

/** Any failure in words.
 * @param {unknown} error @returns {Trouble} */
export function troubleOf(error) {
  if (error instanceof ApiError) return apiTrouble(error);
  if (error instanceof SignInError || error instanceof OutlookError) return known(error.code);
  return known("server_error");
}

/** @param {ApiError} error @returns {Trouble} */
function apiTrouble(error) {
  const trouble = known(error.code in TROUBLES ? error.code : codeOfStatus(error));
  const url = error.problem.consent_url;
  const ownWords = [409, 422].includes(error.status) && !(error.code in TROUBLES);
  return {
    ...trouble,
    text: ownWords ? error.message : trouble.text,
    claims: error.claims,
    // Where the fault is not the person's, he may want to tell somebody which request it was.
    reference: error.status >= 500 ? error.requestId : null,
    ...(url && isWebAddress(url) ? { consentUrl: url } : {}),
  };
}

/** @param {ApiError} error */
function codeOfStatus({ status }) {
  if (status === 0) return "unreachable";
  if (status === 401) return "token_invalid";
  if (status === 403) return "forbidden";
  if (status === 404) return "event_not_found";
  if (status === 409 || status === 412) return "changed_meanwhile";
  if (status === 429) return "rate_limited";
  if (status === 503) return "graph_unavailable";
  return status === 422 ? "not_eligible" : "server_error";
}

/** @param {string} code @returns {Trouble} */
function known(code) {
  if (code === "not_eligible") {
    return { code, title: "This event cannot be added", text: "", remedy: "none" };
  }
  return { code, ...(TROUBLES[code] ?? TROUBLES.server_error) };
}

/** @param {string} url a link from the network must not run script */
function isWebAddress(url) {
  try {
    return ["https:", "http:"].includes(new URL(url).protocol);
  } catch {
    return false;
  }
}
