// Outlook on the web as Microsoft's office.js sees it from the pane's frame: the answers to its
// postMessage protocol (outlook-addin notes 5.2), for one open appointment that a test describes.

/* What a test says in window.__host; times are milliseconds. */
const ITEM = {
  surface: "compose",
  savedId: null,
  subject: "Quarterly review with Halden Shipping",
  start: Date.UTC(2026, 11, 1, 9),
  end: Date.UTC(2026, 11, 1, 10),
  organizer: { name: "Jane Doe", address: "jane@calder.test" },
  required: [{ name: "Ola Halden", address: "ola@client.test" }],
  optional: [],
  recurrence: null,
  seriesId: null,
  sensitivity: "normal",
  owner: null,
};
const given = window.__host;
const item = { ...ITEM, ...given.item };
const user = { name: "Jane Doe", address: "jane@calder.test", ...given.user };

const APP = "calendar-sync";
const APP_NAME_OUTLOOK = 64;
const APPOINTMENT = { read: 2, compose: 5 };
const PERMISSION = { Restricted: 0, ReadItem: 1, ReadWriteMailbox: 2, ReadWriteItem: 3 };
const NOT_SAVED = 9046;
const INTERNAL_FORMAT_ERROR = 9002;
const NO_ERROR = 0;
const NOT_SIGNED_IN = 13001;
const REGISTER = 1;
const GET_ACCESS_TOKEN = 98;
const TIME_CHANGED = 48;

const calls = [];
const watched = new Map();
const data = (value) => ({ data: value });
const failed = (code) => ({ error: true, errorCode: code, wasSuccessful: false });
const people = (list) =>
  list.map(({ name, address }) => ({ name, address, recipientType: 1, appointmentResponse: 0 }));

/* By the numbers with which office.js names its methods. */
const METHODS = {
  15: ({ recipientField }) => data(people(recipientField === 1 ? item.optional : item.required)),
  18: () => data(item.subject),
  24: ({ TimeProperty }) => data(TimeProperty === 2 ? item.end : item.start),
  32: () => {
    item.savedId = given.willBeId;
    return data(item.savedId);
  },
  103: () => data(item.recurrence),
  107: () => data(item.organizer),
  108: () =>
    data({
      owner: item.owner,
      targetMailbox: item.owner,
      targetRestUrl: "https://outlook.office.com/api",
      delegatePermissions: 63,
    }),
  164: () => (item.savedId ? data(item.savedId) : failed(given.idFails ?? NOT_SAVED)),
  171: () => data(item.sensitivity),
};

function initialData() {
  const isRead = item.surface === "read";
  return {
    permissionLevel: PERMISSION[given.permission ?? "ReadWriteItem"],
    itemType: APPOINTMENT[item.surface],
    hostVersion: "15.20.0.0",
    owaView: "ThreeColumns",
    userEmailAddress: user.address,
    userDisplayName: user.name,
    userTimeZone: "UTC",
    userProfileType: "office365",
    timeZoneOffsets: [],
    isFromSharedFolder: item.owner !== null,
    seriesId: item.seriesId,
    ...(isRead
      ? {
          id: item.savedId,
          subject: item.subject,
          organizer: item.organizer,
          to: people(item.required),
          cc: people(item.optional),
          start: item.start,
          end: item.end,
          recurrence: item.recurrence,
          sensitivity: item.sensitivity,
          isAllDayEvent: false,
          itemClass: "IPM.Appointment",
        }
      : {}),
  };
}

function appContext(frame) {
  return {
    _id: APP,
    _appName: APP_NAME_OUTLOOK,
    _appVersion: "16.01",
    _appUILocale: "en-US",
    _dataLocale: "en-US",
    _docUrl: "",
    _clientMode: 0,
    _settings: {},
    _reason: 1,
    _osfControlType: 1,
    _eToken: "",
    _correlationId: "c",
    _appInstanceId: APP,
    _appMinorVersion: 1,
    _requirementMatrix: JSON.stringify(given.sets),
    _hostFullVersion: "16.01",
    _appDomains: [new URL(frame.src).origin],
    _featureGates: {},
  };
}

const frame = document.createElement("iframe");

function reply(question, payload, isEvent = false) {
  const answer = {
    _messageType: 1,
    _actionName: question._actionName,
    _conversationId: question._conversationId,
    _correlationId: question._correlationId,
    _origin: location.origin,
    _data: payload,
    _errorCode: NO_ERROR,
    _responseType: isEvent ? 1 : 0,
    _serializerVersion: 1,
  };
  frame.contentWindow.postMessage(JSON.stringify(answer), new URL(frame.src).origin);
}

function answer(question) {
  const { _actionName: action, _actionType: kind, _data: asked } = question;
  if (action === "ContextActivationManager_notifyHost") return;
  if (action === "ContextActivationManager_getAppContextAsync") {
    reply(question, appContext(frame));
  } else if (action === "GetInitialData") {
    reply(question, initialData());
  } else if (action === "ExecuteMethod") {
    const { DispatchId: method } = asked.MethodData;
    calls.push(method);
    const run = METHODS[method];
    reply(question, run ? run(asked.ApiParams ?? {}) : failed(INTERNAL_FORMAT_ERROR));
  } else if (action === "executeMethod" && asked.DdaMethod.DispatchId === GET_ACCESS_TOKEN) {
    const { officeToken: accessToken } = given;
    reply(question, accessToken ? { Error: NO_ERROR, accessToken } : { Error: NOT_SIGNED_IN });
  } else {
    if (kind === REGISTER) watched.set(asked.eventDispId, question);
    reply(question, { Error: NO_ERROR });
  }
}

addEventListener("message", ({ source, data: text }) => {
  if (source !== frame.contentWindow || typeof text !== "string" || !text.startsWith("{")) return;
  answer(JSON.parse(text));
});

/** What a test does as the person at this Outlook. */
window.host = {
  calls,
  /** The form has other times now, and says so. */
  move(start, end) {
    Object.assign(item, { start, end });
    const told = JSON.stringify({
      start: new Date(start).toISOString(),
      end: new Date(end).toISOString(),
    });
    reply(watched.get(TIME_CHANGED), [told], true);
  },
};

frame.name = JSON.stringify({
  baseFrameName: "pane",
  hostInfo: "Outlook|Web|16.01|en-US|corr||disableLogging|0",
  xdmInfo: `conversation|${APP}|${location.origin}${location.pathname}`,
});
Object.assign(frame, { title: "InterAction", width: "320", height: "570", src: given.pane });
// Only a name the frame is born with reaches the page inside.
document.body.append(frame);
