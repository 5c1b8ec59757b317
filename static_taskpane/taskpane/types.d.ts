// The shapes the pane receives from our own API. Extra members are welcome and ignored.

export type Match = "matched" | "unmatched" | "excluded" | "group";

export interface Person {
  name: string | null;
  address: string | null;
}

export interface EventAttendee extends Person {
  type: string;
  response: string | null;
  match: Match;
  contact_id: string | null;
}

export interface EventFacts {
  id: string;
  ical_uid: string | null;
  subject: string | null;
  start: string | null;
  end: string | null;
  all_day: boolean;
  /** Only all-day events: dates, the end exclusive. */
  start_date?: string | null;
  end_date?: string | null;
  time_zone: string | null;
  type: string;
  sensitivity: string;
  is_organizer: boolean;
  is_cancelled: boolean;
  is_draft: boolean;
  organizer: Person | null;
  attendees: EventAttendee[];
}

export type FixAction = "open_settings" | "ask_admin" | "add_activity" | "consent" | "none";

export interface Check {
  code: string;
  applies: boolean;
  /** null: only known once the event is saved. */
  passed: boolean | null;
  message: string;
  fix: { text: string; action: FixAction } | null;
}

export interface Verdict {
  eligible: boolean | null;
  source: string;
  checks: Check[];
}

export type LinkState = "pending" | "linked" | "removing" | "removed" | "released";
export type Outstanding = "event" | "crm" | "category";

export interface Link {
  state: LinkState;
  reason: string | null;
  origin: "manual" | "automatic";
  because: string | null;
  blocked_by: string | null;
  outstanding: Outstanding[];
  category: "set" | "absent" | "not_permitted" | "waiting_for_user";
  activity_id: string | null;
  undo_until: string | null;
  last_change_seen_at: string | null;
  written_at: string | null;
  next_attempt_at: string | null;
}

export interface Activity {
  id: string;
  phase: "appointment" | "activity";
  status: "confirmed" | "cancelled";
  notes: string | null;
  opportunity_ids: string[];
  initiative_ids: string[];
  contacts: unknown[];
  unmatched: unknown[];
  edited_by: Person | null;
  sync_status: string;
}

export interface Other {
  activity_id: string | null;
  by: string | null;
  kind: string;
  visible: boolean;
}

export interface Can {
  tick: boolean;
  untick: boolean;
  undo: boolean;
  add_activity: boolean;
}

/** The one answer that says everything about a saved event (T1). */
export interface EventAnswer {
  /** null while Exchange has not caught up with a save (T8). */
  event: EventFacts | null;
  verdict: Verdict | null;
  link: Link | null;
  activity: Activity | null;
  others: Other[];
  can: Can;
}

export type Mode = "manual" | "automatic" | "combined";

/** What the pane shows of GET /api/me. */
export interface Me {
  name: string;
  address: string | null;
  firm_sync_enabled: boolean;
  enabled: boolean;
  enabled_by_admin: boolean | null;
  may_enable: boolean;
  mode: Mode;
  choosable_modes: Mode[];
  checked_at: string | null;
  changed_at: string | null;
  written_at: string | null;
}

/** What the open form can tell; null means that Outlook cannot say. */
export interface Form {
  organizer: { address: string } | null;
  start: string | null;
  end: string | null;
  sensitivity: string | null;
  recurring: boolean | null;
  attendees: { address: string; type: string }[] | null;
}

export interface OpenItem {
  surface: "compose" | "read";
  /** Graph spelling; null while the item was never saved. */
  id: string | null;
  /** Address of the mailbox the item lives in, when it is not the user's own (T9). */
  owner: string | null;
  subject: string | null;
  form: Form | null;
}
