/** The constants of Office.js that an appointment pane meets, with Microsoft's run-time values. */

export const EventType = Object.freeze({
  ActiveViewChanged: 'activeViewChanged',
  AppointmentTimeChanged: 'olkAppointmentTimeChanged',
  AttachmentsChanged: 'olkAttachmentsChanged',
  DialogEventReceived: 'dialogEventReceived',
  DialogMessageReceived: 'dialogMessageReceived',
  DialogParentMessageReceived: 'dialogParentMessageReceived',
  EnhancedLocationsChanged: 'olkEnhancedLocationsChanged',
  InfobarClicked: 'olkInfobarClicked',
  ItemChanged: 'olkItemSelectedChanged',
  OfficeThemeChanged: 'officeThemeChanged',
  RecipientsChanged: 'olkRecipientsChanged',
  RecurrenceChanged: 'olkRecurrenceChanged',
});

export const AsyncResultStatus = Object.freeze({ Succeeded: 'succeeded', Failed: 'failed' });
export const CoercionType = Object.freeze({ Text: 'text', Html: 'html' });
export const HostType = Object.freeze({ Outlook: 'Outlook', Excel: 'Excel', Word: 'Word' });
export const InitializationReason = Object.freeze({
  Inserted: 'inserted',
  DocumentOpened: 'documentOpened',
});
export const PlatformType = Object.freeze({
  PC: 'PC',
  OfficeOnline: 'OfficeOnline',
  Mac: 'Mac',
  iOS: 'iOS',
  Android: 'Android',
  Universal: 'Universal',
});

const colours = Object.fromEntries(
  Array.from({ length: 25 }, (_, number) => [`Preset${number}`, `Preset${number}`]),
);

export const MailboxEnums = Object.freeze({
  AppointmentSensitivityType: Object.freeze({
    Normal: 'normal',
    Personal: 'personal',
    Private: 'private',
    Confidential: 'confidential',
  }),
  CategoryColor: Object.freeze({ None: 'None', ...colours }),
  Days: Object.freeze({
    Mon: 'mon',
    Tue: 'tue',
    Wed: 'wed',
    Thu: 'thu',
    Fri: 'fri',
    Sat: 'sat',
    Sun: 'sun',
    Weekday: 'weekday',
    WeekendDay: 'weekendDay',
    Day: 'day',
  }),
  DelegatePermissions: Object.freeze({
    Read: 1,
    Write: 2,
    DeleteOwn: 4,
    DeleteAll: 8,
    EditOwn: 16,
    EditAll: 32,
  }),
  ItemNotificationMessageType: Object.freeze({
    ProgressIndicator: 'progressIndicator',
    InformationalMessage: 'informationalMessage',
    ErrorMessage: 'errorMessage',
    InsightMessage: 'insightMessage',
  }),
  ItemType: Object.freeze({ Message: 'message', Appointment: 'appointment' }),
  LocationType: Object.freeze({ Custom: 'custom', Room: 'room' }),
  OWAView: Object.freeze({
    OneColumn: 'OneColumn',
    TwoColumns: 'TwoColumns',
    ThreeColumns: 'ThreeColumns',
  }),
  RecipientType: Object.freeze({
    DistributionList: 'distributionList',
    User: 'user',
    ExternalUser: 'externalUser',
    Other: 'other',
  }),
  RecurrenceType: Object.freeze({
    Daily: 'daily',
    Weekday: 'weekday',
    Weekly: 'weekly',
    Monthly: 'monthly',
    Yearly: 'yearly',
  }),
  ResponseType: Object.freeze({
    None: 'none',
    Organizer: 'organizer',
    Tentative: 'tentative',
    Accepted: 'accepted',
    Declined: 'declined',
  }),
  RestVersion: Object.freeze({ v1_0: 'v1.0', v2_0: 'v2.0', Beta: 'beta' }),
});
