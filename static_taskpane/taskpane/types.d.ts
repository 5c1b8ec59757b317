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
  company_id?: string | null;
  why?: string | null;
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
  subject?: string;
  description?: string;
  start?: string;
  end?: string;
  all_day?: boolean;
  start_date?: string | null;
  end_date?: string | null;
  location?: string;
  notes: string | null;
  opportunity_ids: string[];
  initiative_ids: string[];
  contacts: { name?: string; address?: string }[];
  unmatched: { name?: string; address?: string }[];
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

/** One thing that was seen, decided or written; codes and names of fields, never values. */
export interface HistoryLine {
  id: string;
  at: string;
  kind: string;
  line: string;
  message: string;
  source: string;
  by: { name: string } | null;
  on_behalf_of: { name: string } | null;
  why: { code: string; text: string }[];
  fields: string[];
}

export interface HistoryPage {
  items: HistoryLine[];
  next: string | null;
}

/** As much of the history as was asked for. */
export interface HistoryState extends HistoryPage {
  busy: boolean;
  failed: boolean;
}

/** One row of a picker. */
export interface Entry {
  id: string;
  name: string;
  detail: string;
}

export interface Contact {
  id: string;
  name: string;
  emails: string[];
  company_id: string | null;
}

/** What the Add Activity form starts with. */
export interface ActivityProposal {
  event: EventFacts;
  draft: {
    subject: string;
    type: string;
    start: string;
    end: string;
    all_day: boolean;
    start_date: string | null;
    /** Exclusive. */
    end_date: string | null;
    time_zone: string | null;
    location: string;
    /** Readable text; empty when there is none, or the firm keeps it out. */
    description: string;
  };
  /** What a record can be filed under in this CRM. */
  listings: string[];
  /** Those of the matched contacts. */
  companies: Entry[];
  /** Whether they are added by themselves. */
  companies_come_along: boolean;
  others: Other[];
  activity_types: string[];
  visibility: string;
  groups: Group[];
}

/** A group; `visibility` is what a record says that it may see. */
export interface Group {
  id: string;
  name: string;
  visibility: string;
}

/** Somebody on the Add Activity form. */
export interface ChosenPerson {
  key: string;
  name: string;
  address: string;
  match: string;
  contactId: string | null;
  companyId: string | null;
  /** Why somebody is left out. */
  why: string | null;
  response: string | null;
  /** Shall become a contact. */
  create: boolean;
}

/** Everything a person can change on the Add Activity form. Dates are days of the mailbox's clock,
 * the last one inclusive. */
export interface FormValues {
  subject: string;
  type: string;
  allDay: boolean;
  startDate: string;
  startTime: string;
  endDate: string;
  endTime: string;
  location: string;
  people: ChosenPerson[];
  companies: Entry[];
  opportunities: Entry[];
  initiatives: Entry[];
  /** At most one; its id is `kind:id`. */
  regarding: Entry[];
  visibility: string;
  notes: string;
  includeDescription: boolean;
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
  block_list: string[];
  default_activity_type: string | null;
  default_visibility: string;
  state: string;
  /** Of a first pull or of reading everything again. */
  progress: { since: string; pages: number; events: number } | null;
  problem: string | null;
  problem_since: string | null;
  problem_advice: string | null;
}

/** What a person changes about himself; the rest stays. */
export interface Preferences {
  enabled?: boolean;
  mode?: Mode;
  block_list?: string[];
  default_activity_type?: string;
  default_visibility?: string;
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
