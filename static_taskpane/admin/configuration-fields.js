// The settings of a firm (A1, A2): what each is called, what it does, and how it is entered.

/** @typedef {{name: string, label: string, hint: string,
 *   kind: "switch" | "choice" | "number" | "text" | "lines" | "types" | "color" | "read",
 *   choices?: [string, string][], min?: number, max?: number, unit?: string}} Field */
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

/** @type {Group[]} */
export const GROUPS = [
  {
    title: "How events are chosen",
    fields: [
      {
        name: "mode", label: "Mode", kind: "choice",
        choices: [
          ["manual", "Manual: organizers tick their events in Outlook"],
          ["automatic", "Automatic: events with a chosen contact type sync by themselves"],
          ["combined", "Combined: both"],
        ],
        hint: "Users who have not chosen a mode themselves follow this one.",
      },
      {
        name: "contact_types", label: "Contact types that sync by themselves", kind: "types",
        hint: "In automatic and combined mode an event syncs when at least one attendee is a contact of one of these types. Types that are not chosen can still be synced by hand.",
      },
      {
        name: "also_company_types", label: "Types of a contact's company count as well", kind: "switch",
        hint: "A contact without a chosen type still counts when the company has one.",
      },
      {
        name: "users_may_enable", label: "Users may switch sync on and off for themselves", kind: "switch",
        hint: "Off: only administrators enable users, on the page Users.",
      },
    ],
  },
  {
    title: "Which events may sync",
    fields: [
      {
        name: "past_days", label: "Keep past events in step for", kind: "number", min: 1, max: 90, unit: "days",
        hint: "1 to 90. After that a record is final and changes in Outlook no longer reach it.",
      },
      {
        name: "future_days", label: "Look ahead", kind: "number", min: 1, max: 1827, unit: "days",
        hint: "1 to 1,827. Events that begin later sync when they come nearer.",
      },
      {
        name: "private_events", label: "Private events", kind: "choice",
        choices: [["exclude", "Never sync"], ["without_attendees", "Sync without attendees"]],
        hint: "Never: nothing of a private event is stored but that it was refused.",
      },
      {
        name: "sync_internal_manual", label: "Internal events may be ticked by hand", kind: "switch",
        hint: "An internal event has only people of your firm.",
      },
      {
        name: "sync_internal_automatic", label: "Internal events sync by themselves", kind: "switch",
        hint: "Applies in automatic and combined mode.",
      },
      {
        name: "unmatched_manual", label: "Events without any contact may be ticked by hand", kind: "switch",
        hint: "They make a record although no attendee is a contact in the CRM.",
      },
      {
        name: "unmatched_automatic", label: "Events without any contact sync by themselves", kind: "switch",
        hint: "Every eligible event then makes a record, whatever the contact types.",
      },
    ],
  },
  {
    title: "People and addresses",
    fields: [
      {
        name: "further_domains", label: "Further own domains", kind: "lines",
        hint: "One per line, for example firm.example. Who has an address there counts as internal, as for the domains Microsoft 365 has verified:",
      },
      {
        name: "block_list", label: "Blocked addresses", kind: "lines",
        hint: "One address or domain per line.",
      },
      {
        name: "blocked_addresses", label: "An event with a blocked address", kind: "choice",
        choices: [["skip_event", "Does not sync at all"], ["skip_match", "Syncs, but the address is not matched with a contact"]],
        hint: "",
      },
      {
        name: "exclude_personnel", label: "Leave “Our Personnel” and “Our Consultants” out of records", kind: "switch",
        hint: "Whether an event syncs does not depend on this.",
      },
    ],
  },
  {
    title: "Records in the CRM",
    fields: [
      {
        name: "include_description", label: "Include the event's text", kind: "switch",
        hint: "Off: records have no description, and existing ones lose it.",
      },
      {
        name: "activity_type", label: "Display name of the activity type", kind: "text",
        hint: "What synced appointments are called in the CRM.",
      },
      {
        name: "add_companies", label: "Add the companies of the contacts to activities added by hand", kind: "switch",
        hint: "Off: an added activity has only the companies that somebody chose. Synced appointments always have theirs.",
      },
      {
        name: "cancelled_records", label: "When an event is cancelled, its record", kind: "choice",
        choices: [["mark", "Stays and is marked as cancelled"], ["delete", "Is deleted"]],
        hint: "",
      },
      {
        name: "delete_synced_events", label: "Delete the record when its event is deleted", kind: "switch",
        hint: "Off: the record stays.",
      },
    ],
  },
  {
    title: "In Outlook",
    fields: [
      {
        name: "category_name", label: "Category", kind: "text",
        hint: "Synced events carry it. Renaming it puts the new name on all of them, step by step. No comma or semicolon.",
      },
      { name: "category_color", label: "Colour of the category", kind: "color", hint: "" },
    ],
  },
  {
    title: "History",
    fields: [
      {
        name: "log_days", label: "Keep the history for", kind: "number", min: 7, max: 3650, unit: "days",
        hint: "7 to 3,650. Older lines are removed; records stay.",
      },
    ],
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
  if (field?.kind === "color") return COLORS.find(([key]) => key === value)?.[1] ?? value;
  const choice = field?.choices?.find(([key]) => key === value)?.[1];
  return choice ?? (field?.unit ? `${value} ${field.unit}` : String(value ?? "none"));
}
