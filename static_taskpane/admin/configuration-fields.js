// The settings of a firm (A1, A2): what each is called, what it does, and how it is entered.

/** @typedef {"switch" | "choice" | "number" | "text" | "lines" | "types" | "color" | "date" | "words"} Kind */
/** @typedef {{name: string, label: string, hint: string, kind: Kind, choices?: [string, string][],
 *   later?: string[], min?: number, max?: number, unit?: string, optional?: boolean,
 *   ofRecords?: boolean}} Field
 *   `later`: choices that are shown and not there yet; `ofRecords`: the CRM's types are offered */
/** @typedef {{title: string, hint?: string, fields: Field[]}} Group */

/** @type {[string, string, string][]} Outlook's colours: preset, name, shade */
export const COLORS = [
  ["none", "No colour", "#ffffff"], ["preset0", "Red", "#e7a1a2"], ["preset1", "Orange", "#f9ba89"],
  ["preset2", "Brown", "#f7dd8f"], ["preset3", "Yellow", "#fcfa90"], ["preset4", "Green", "#78d168"],
  ["preset5", "Teal", "#9fdcc9"], ["preset6", "Olive", "#c6d2b0"], ["preset7", "Blue", "#9db7e8"],
  ["preset8", "Purple", "#b5a1e2"], ["preset9", "Cranberry", "#daaec2"], ["preset10", "Steel", "#dad9dc"],
  ["preset11", "Dark steel", "#6b7994"], ["preset12", "Grey", "#bfbfbf"], ["preset13", "Dark grey", "#6f6f6f"],
  ["preset14", "Black", "#4f4f4f"], ["preset15", "Dark red", "#c11a25"], ["preset16", "Dark orange", "#e2620d"],
  ["preset17", "Dark brown", "#c79930"], ["preset18", "Dark yellow", "#b9b300"], ["preset19", "Dark green", "#368f2b"],
  ["preset20", "Dark teal", "#329b7a"], ["preset21", "Dark olive", "#778b45"], ["preset22", "Dark blue", "#2858a5"],
  ["preset23", "Dark purple", "#5c3fa3"], ["preset24", "Dark cranberry", "#93446b"],
];

/** @type {[string, string][]} Graph's words for how an event shows its time, and people's */
export const SHOW_AS = [
  ["free", "Free"], ["tentative", "Tentative"], ["busy", "Busy"], ["oof", "Out of office"],
  ["workingElsewhere", "Working elsewhere"], ["unknown", "Unknown"],
];

/** @param {Kind} kind @returns {(name: string, label: string, hint: string, more?: Partial<Field>) => Field} */
const of = (kind) => (name, label, hint, more = {}) => ({ name, label, hint, kind, ...more });

const onOff = of("switch");
const choice = of("choice");
const text = of("text");
const lines = of("lines");

/** @param {string} name @param {string} label @param {[number, number]} range @param {string} hint @returns {Field} */
const days = (name, label, [min, max], hint) =>
  of("number")(name, label, `${min.toLocaleString("en-GB")} to ${max.toLocaleString("en-GB")}. ${hint}`, { min, max, unit: "days" });

/** @type {Group[]} */
export const GROUPS = [
  {
    title: "How events are chosen",
    fields: [
      choice("mode", "Mode", "Users who have not chosen a mode themselves follow this one.", {
        choices: [
          ["manual", "Manual: organizers tick their events in Outlook"],
          ["automatic", "Automatic: events with a chosen contact type sync by themselves"],
          ["combined", "Combined: both"],
        ],
      }),
      choice("direction", "Direction", "Changes in Outlook reach the CRM. The other two directions are a later step; where both sides change, Microsoft 365 will win.", {
        choices: [
          ["from_microsoft", "From Microsoft 365 to the CRM"],
          ["to_microsoft", "From the CRM to Microsoft 365 (not available yet)"],
          ["both", "Both ways (not available yet)"],
        ],
        later: ["to_microsoft", "both"],
      }),
      of("types")("contact_types", "Contact types that sync by themselves", "In automatic and combined mode an event syncs when at least one attendee is a contact of one of these types. Types that are not chosen can still be synced by hand."),
      onOff("also_company_types", "Types of a contact's company count as well", "A contact without a chosen type still counts when the company has one."),
      onOff("users_may_enable", "Users may switch sync on and off for themselves", "Off: only administrators enable users, on the page Users."),
      choice("user_address", "A user is known by", "Who has no address of this kind is not synced and cannot be enabled; the page Users says so in the row. Import the directory there first, so that both kinds are known.", {
        choices: [["mail", "The primary e-mail address"], ["principal_name", "The sign-in name (user principal name)"]],
      }),
    ],
  },
  {
    title: "Which events may sync",
    fields: [
      days("past_days", "Keep past events in step for", [1, 90], "After that a record is final and changes in Outlook no longer reach it."),
      days("future_days", "Look ahead", [1, 1827], "Events that end later sync when they come nearer."),
      of("date")("commencement_date", "Start with events of", "Events that ended before this day are not synced, neither by themselves nor by hand. Records that exist stay in step. Empty: no such day.", { optional: true }),
      choice("private_events", "Private events", "Never: nothing of a private event is stored but that it was refused.", {
        choices: [["exclude", "Never sync"], ["without_attendees", "Sync without attendees"]],
      }),
      onOff("sync_internal_manual", "Internal events may be ticked by hand", "An internal event has only people of your firm."),
      onOff("sync_internal_automatic", "Internal events sync by themselves", "Applies in automatic and combined mode, to internal events with a chosen contact type."),
      onOff("unmatched_manual", "Events without any contact may be ticked by hand", "Off: a tick is refused where no attendee is a contact in the CRM."),
      onOff("unmatched_automatic", "Events without any contact sync by themselves", "They make a record although no attendee is a contact; the contact types decide about the others."),
    ],
  },
  {
    title: "People and addresses",
    fields: [
      lines("further_domains", "Further own domains", "One per line, for example firm.example. Who has an address there counts as internal, as for the domains Microsoft 365 has verified:"),
      lines("block_list", "Blocked addresses", "One address or domain per line. Users have a list of their own besides."),
      choice("blocked_addresses", "An event with a blocked address", "Not matched: the attendee is left out of the record's contacts.", {
        choices: [["skip_event", "Does not sync at all"], ["skip_match", "Syncs, but the address is not matched with a contact"]],
      }),
      onOff("exclude_personnel", "Leave “Our Personnel” and “Our Consultants” out of records", "Whether an event syncs does not depend on this."),
    ],
  },
  {
    title: "Records in the CRM",
    fields: [
      onOff("include_description", "Include the event's text", "Off: records have no description, and existing ones lose it."),
      onOff("include_location", "Include location and rooms", "Off: records have no place, and existing ones lose it."),
      onOff("include_reminder", "Include the reminder", "Off: records have no reminder, and existing ones lose it."),
      of("words")("show_as_values", "What the CRM shows for a time", "Outlook's word on the left, the CRM's on the right. Empty: the word goes as it is."),
      text("activity_type", "Display name of the activity type", "What synced appointments are called in the CRM, unless the user has a default type.", { ofRecords: true }),
      text("added_activity_type", "Type of activities added by hand", "What the form Add Activity proposes, unless the user has a default type. Empty: the name above.", { optional: true, ofRecords: true }),
      onOff("add_companies", "Add the companies of the contacts to what is added in Outlook", "Off: an activity made with Add Activity has only the companies that somebody chose. Synced appointments always have theirs."),
      choice("cancelled_records", "When an event is cancelled, its record", "Applies to meetings that others were invited to.", {
        choices: [["mark", "Stays and is marked as cancelled"], ["delete", "Is deleted"]],
      }),
      onOff("delete_synced_events", "Delete the record when its event is deleted", "Applies to events nobody else was invited to that lie ahead; a past one's record always stays. Off: the record stays and is no longer kept in step."),
    ],
  },
  {
    title: "In Outlook",
    fields: [
      text("category_name", "Category", "Synced events carry it. Renaming it puts the new name on all of them, step by step. No comma or semicolon."),
      of("color")("category_color", "Colour of the category", "A new colour reaches each mailbox with its next synced event, where Microsoft 365 permits it."),
    ],
  },
  {
    title: "Other syncs",
    fields: [
      lines("competing_marks", "Marks of other calendar syncs", "One per line: a category, or a property as Graph writes it (String {GUID} Name its-name). Before sync is enabled, and by Test on the page Exchange Server, calendars are searched for these and for what Dynamics 365 leaves."),
    ],
  },
  {
    title: "History",
    fields: [days("log_days", "Keep the history for", [7, 3650], "Older lines are removed; records stay.")],
  },
];

/** @type {Record<string, Field>} */
export const FIELDS = Object.fromEntries(GROUPS.flatMap((group) => group.fields).map((field) => [field.name, field]));

/** A value as people read it.
 * @param {string} name @param {any} value @returns {string} */
export function shownValue(name, value) {
  const field = FIELDS[name];
  if (Array.isArray(value)) return value.length ? value.join(", ") : "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (value === null || value === undefined || value === "") return "none";
  if (field?.kind === "color") return COLORS.find(([key]) => key === value)?.[1] ?? value;
  if (field?.kind === "words") return shownWords(value);
  if (field?.kind === "date") return new Date(`${value}T00:00:00Z`).toLocaleDateString("en-GB", { dateStyle: "medium", timeZone: "UTC" });
  const chosen = field?.choices?.find(([key]) => key === value)?.[1];
  return chosen ?? (field?.unit ? `${value} ${field.unit}` : String(value));
}

/** @param {Record<string, string>} value */
function shownWords(value) {
  const changed = SHOW_AS.filter(([key]) => value[key]).map(([key, name]) => `${name} as ${value[key]}`);
  return changed.length ? changed.join(", ") : "as in Outlook";
}
