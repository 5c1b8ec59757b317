// Codes of the API in people's words. What is missing here is shown as its code, with spaces.

/** @param {Record<string, string>} words @param {string | null | undefined} code */
export function named(words, code) {
  if (!code) return "";
  return words[code] ?? sentence(code);
}

/** @param {string} code */
function sentence(code) {
  const text = code.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const MODES = {
  manual: "Manual",
  automatic: "Automatic",
  combined: "Combined",
};

export const STATES = {
  watching: "In step",
  first_pull: "First reading",
  resync: "Reading again",
  problem: "Problem",
  disabled: "Not enabled",
  paused: "Paused",
  no_server: "No server",
  firm_off: "Sync is off",
};

/** @type {Record<string, string>} */
export const STATE_TONES = {
  watching: "good",
  first_pull: "",
  resync: "",
  problem: "danger",
  paused: "warning",
  no_server: "warning",
};

export const ROW_CODES = {
  no_address: "No e-mail address in the directory of the kind your firm uses: give the user one in Microsoft 365 and import again.",
  disabled_by_user: "Enabled, but the user has switched sync off for himself; it stays off until he switches it on.",
  not_found: "This user is no longer there.",
  no_online_server: "The server is no longer there.",
};

export const OPERATIONS = {
  enable_sync: "Enabling sync",
  disable_sync: "Disabling sync",
  assign_server: "Assigning the server",
  import: "Importing users from the directory",
  reconcile: "Comparing Outlook, links and the CRM",
  fix_drift: "Mending what does not agree",
  check_drift: "Looking whether it has healed",
  erase_person: "Erasing a person",
};

export const ACTS = {
  configuration_changed: "Changed the configuration",
  removal_of_unqualified_begun: "Had records removed that no longer qualify",
  sync_enabled: "Enabled sync",
  sync_disabled: "Disabled sync",
  server_assigned: "Assigned a server",
  server_added: "Added a server",
  server_changed: "Changed a server",
  server_removed: "Removed a server",
  server_tested: "Tested a server",
  user_imported: "Imported a user",
  user_changed: "Took over a change of the directory",
  paused: "Paused",
  resumed: "Resumed",
  brake_released: "Let a stopped mailbox go on",
  brake_held: "Took a mass change back",
  enable_sync_begun: "Began enabling many users",
  disable_sync_begun: "Began disabling many users",
  assign_server_begun: "Began assigning a server to many users",
  import_begun: "Began an import",
  viewed: "Looked at",
  reconcile_begun: "Began a comparison",
  reconcile_cancelled: "Stopped a comparison",
  drift_fixed: "Had a finding mended",
  fix_drift_begun: "Began mending many findings",
  fix_drift_cancelled: "Stopped mending many findings",
  erase_person_begun: "Began erasing a person",
  erase_person_cancelled: "Stopped erasing a person",
  person_erased: "Had a person erased",
  erasure_lifted: "Let records name a person again",
  enable_sync_cancelled: "Stopped enabling many users",
  disable_sync_cancelled: "Stopped disabling many users",
  assign_server_cancelled: "Stopped assigning a server to many users",
  import_cancelled: "Stopped an import",
  group_made: "Made a group in the CRM",
  group_changed: "Changed a group in the CRM",
  group_removed: "Removed a group in the CRM",
  retried: "Retried one line of the log",
  errors_retried: "Retried all errors",
};

/** What the audit speaks of. */
export const TARGETS = {
  firm: "The whole firm",
  user: "User",
  mailbox: "Mailbox",
  server: "Server",
  operation: "Long operation",
  line: "Line of the log",
};

export const CLOUDS = {
  global: "Worldwide",
  us_gov_l4: "US Government (GCC High)",
  us_gov_l5: "US Government (DoD)",
  china: "China (21Vianet)",
};

export const KINDS = {
  decision: "Decision",
  write: "Write",
  refusal: "Refusal",
  skip: "Skipped",
  failure: "Failure",
  look: "Look",
  run: "Run",
};

export const LINK_STATES = {
  pending: "On its way into the CRM",
  linked: "In the CRM",
  removing: "On its way out of the CRM",
  removed: "Not in the CRM any more",
  released: "In the CRM, no longer kept in step",
};

/** Why an event would not sync by itself, in few words. */
export const REASONS = {
  mode_not_allowed: "The user has chosen the mode Manual",
  user_not_enabled: "The user is not enabled",
  not_organizer: "Somebody else organizes it",
  private_event: "Private",
  recurring_event: "Recurring",
  outside_window: "Outside the range of days",
  private_contact: "A private contact is invited",
  cancelled: "Cancelled",
  external_organizer: "An outsider organizes it",
  no_selected_contact_type: "No contact of a chosen type",
  internal_only: "Only people of the firm",
  blocked_address: "A blocked address is invited",
  draft_event: "A draft that was never sent",
};

/** What a rule demands, by the code it gives when it fails. */
export const RULES = {
  firm_sync_off: "Calendar sync is on for the firm.",
  mode_not_allowed: "The user's mode allows it.",
  no_online_server: "The calendar has an online server.",
  user_not_enabled: "The user is enabled.",
  not_organizer: "The calendar's owner is the organizer.",
  private_event: "The event is not private.",
  recurring_event: "The event is not recurring.",
  outside_window: "The event is within the range of days.",
  private_contact: "No private contact is invited.",
  cancelled: "The event is not cancelled.",
  external_organizer: "The organizer belongs to the firm.",
  created_before_activation: "The event is new enough to sync by itself, or was added by hand.",
  no_selected_contact_type: "A contact of a selected type is invited, where one is needed.",
  opted_out: "Nobody has taken the event out.",
  internal_only: "Somebody from outside is invited, or internal events may sync.",
  blocked_address: "No blocked address is invited.",
  draft_event: "The event is not a draft.",
  before_commencement: "The event ends after the firm's sync began.",
  no_contact: "A contact is invited, or ticks need none.",
};

/** Decisions of the history that the brake counts. */
export const BRAKE_WENT = {
  gone: "Deleted before there was a record",
  deleted: "Deleted in Outlook",
  cancelled: "Cancelled in Outlook",
  category_removed: "Category taken off",
  became_recurring: "Became a series",
  became_private: "Became private",
};

/** What Outlook shows of an event that rests. */
export const BRAKE_WAITING = {
  nothing: "Nothing has happened",
  unticked: "Category taken off",
  deleted: "Deleted or moved away",
  cancelled: "Cancelled or moved away",
  private: "Became private",
  series: "Became a series",
  unknown: "Not known",
};

/** What becomes of a record, after "3 records". */
export const BRAKE_FOLLOWS = {
  removed: "would be removed (and could be brought back for 30 days)",
  destroyed: "would be deleted for good, whatever you decide",
  marked: "would stay, marked as cancelled",
  kept: "would stay and not be followed any more",
  rests: "would stay while updates rest",
  followed: "would be followed on",
  unknown: "would be looked at again",
};

/** Kinds of findings of the reconciliation, in short. */
export const DRIFTS = {
  category_without_link: "Category not taken up",
  not_selected: "Event not taken up",
  category_missing: "Category missing",
  category_left: "Category left over",
  change_not_seen: "Change not seen",
  event_not_shown: "Event not there any more",
  record_missing: "Record missing",
  record_changed: "Record differs",
  edit_not_seen: "Edit in the CRM not seen",
  record_not_removed: "Record not removed",
  record_without_link: "Record without an event",
  two_records: "Two records",
  not_final: "Not made final",
  left_undone: "Work left undone",
  mailbox_not_read: "Mailbox not read",
};

/** Why a finding could not be mended. */
export const FIX_CODES = {
  not_found: "It is not there any more.",
  event_gone: "Its event is not in the owner's calendar. Remove the record in the CRM if nobody needs it.",
  owner_unknown: "Nobody knows whose record it is. Look at it in the CRM.",
  no_online_server: "The mailbox has no online server.",
  changed_meanwhile: "It has changed meanwhile. Compare again.",
  remote_unavailable: "Microsoft or the CRM did not answer. Try again in a moment.",
};

/** Why a mailbox could not be compared. */
export const UNREAD_CODES = {
  busy: "The mailbox was busy the whole time. It is compared again in the night.",
  mass_change: "Stopped by the mass-change brake.",
  access_denied: "Microsoft does not let the online server read it.",
  not_listable: "This CRM cannot list the records of Calendar Sync.",
};
