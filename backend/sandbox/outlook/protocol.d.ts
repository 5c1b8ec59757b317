/** What the Office shim inside the task pane and the Outlook-like page around it say to each other. */

export type PermissionName = 'Restricted' | 'ReadItem' | 'ReadWriteItem' | 'ReadWriteMailbox';

/** One Outlook client with what it can do; the page's settings choose one. */
export interface Persona {
  name: string;
  platform: 'OfficeOnline' | 'PC' | 'Mac';
  hostName: 'OutlookWebApp' | 'newOutlookWindows' | 'Outlook';
  hostVersion: string;
  mailboxSet: string;
  sensitivities: 'all' | 'two' | 'none';
  categoriesWhileComposing: boolean;
  hasTheme: boolean;
  /** Mac knows no instance of a series, only the series, and no kinds of attendees. */
  isMac: boolean;
}

export interface Account {
  displayName: string;
  emailAddress: string;
  /** Windows zone name, as Outlook gives it. */
  timeZone: string;
}

export interface Recipient {
  displayName: string;
  emailAddress: string;
  appointmentResponse: string;
  recipientType: string;
}

export interface RecurrenceFacts {
  recurrenceType: string;
  recurrenceProperties: { interval: number; [name: string]: unknown };
  recurrenceTimeZone: { name: string };
  startDate: string;
  endDate: string | null;
  startTime: string;
  duration: number;
}

export interface Place {
  displayName: string;
  emailAddress: string;
  locationIdentifier: { id: string; type: 'custom' | 'room' };
}

/** The open form as Outlook would describe it to an add-in; times are ISO strings in UTC. */
export interface ItemFacts {
  itemClass: string;
  subject: string;
  body: string;
  start: string;
  end: string;
  isAllDay: boolean;
  location: string;
  places: Place[];
  organizer: Recipient;
  requiredAttendees: Recipient[];
  optionalAttendees: Recipient[];
  sensitivity: string;
  recurrence: RecurrenceFacts | null;
  seriesId: string | null;
  created: string;
  modified: string;
}

export interface OpenItem {
  surface: 'read' | 'compose';
  isShared: boolean;
  /** EWS id; only on the reading surface. */
  itemId: string | null;
  facts: ItemFacts;
}

export interface Theme {
  bodyBackgroundColor: string;
  bodyForegroundColor: string;
  controlBackgroundColor: string;
  controlForegroundColor: string;
}

/** First message of the page to the pane, with the port on which everything else goes. */
export interface Welcome {
  kind: 'office:welcome';
  persona: Persona;
  permission: PermissionName;
  user: Account;
  theme: Theme;
  language: string;
  naa: boolean;
  item: OpenItem | null;
  roaming: Record<string, unknown>;
}

export interface Question {
  id: number;
  act: string;
  args: unknown[];
}

export interface Problem {
  code: number;
  message?: string;
}

export type FromHost =
  | { id: number; value: unknown }
  | { id: number; error: Problem }
  | { event: string; payload: unknown };
