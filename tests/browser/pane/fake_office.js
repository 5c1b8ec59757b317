// A hand-written stand-in for Office.js in the pane's own tests. `window.__outlook` says what is
// open and how this Outlook behaves; `window.outlook` lets a test act as the person would.
(() => {
  const given = window.__outlook;
  const form = given.item ?? {};
  const handlers = {};
  const calls = [];
  const ok = (value) => ({ status: "succeeded", value });
  const failed = (code, message) => ({ status: "failed", error: { code, message } });
  const answers = (read) => ({ getAsync: (done) => setTimeout(() => done(ok(read())), 0) });
  const register = (type, handler, done) => {
    (handlers[type] ??= []).push(handler);
    setTimeout(() => done(ok(undefined)), 0);
  };
  const date = (iso) => (iso ? new Date(iso) : null);
  const people = (list) =>
    (list ?? []).map(([displayName, emailAddress]) => ({ displayName, emailAddress }));

  const compose = {
    itemType: "appointment",
    saveAsync(done) {
      calls.push("saveAsync");
      if (given.saveThrows) throw new Error("Elevated permission is required");
      setTimeout(() => {
        if (given.saveFails) return done(failed(9021, "Save failed"));
        form.id = given.savedId ?? "AAMk/saved+1=";
        done(ok(form.id));
      }, 0);
    },
    getItemIdAsync: (done) =>
      setTimeout(() => {
        if (given.idFails) return done(failed(5000, "Unsupported"));
        done(form.id ? ok(form.id) : failed(9046, "The item is not saved"));
      }, 0),
    subject: answers(() => form.subject ?? ""),
    start: answers(() => date(form.start)),
    end: answers(() => date(form.end)),
    organizer: answers(() => people([form.organizer])[0] ?? null),
    recurrence: answers(() => form.recurrence ?? null),
    requiredAttendees: answers(() => people(form.required)),
    optionalAttendees: answers(() => people(form.optional)),
    seriesId: form.seriesId ?? null,
    addHandlerAsync: register,
    ...(given.noSensitivity ? {} : { sensitivity: answers(() => form.sensitivity ?? "normal") }),
  };
  const read = {
    itemType: "appointment",
    itemId: form.id,
    subject: form.subject,
    start: date(form.start),
    end: date(form.end),
    organizer: people([form.organizer ?? ["Jane", "jane@calder.test"]])[0],
    recurrence: null,
  };
  const item = given.item === null ? null : form.surface === "read" ? read : compose;
  if (item && given.owner) {
    item.getSharedPropertiesAsync = (done) => setTimeout(() => done(ok({ owner: given.owner })), 0);
  }
  if (item && form.message) item.itemType = "message";

  const Office = {
    AsyncResultStatus: { Succeeded: "succeeded", Failed: "failed" },
    PlatformType: { PC: "PC", OfficeOnline: "OfficeOnline", Mac: "Mac" },
    MailboxEnums: { ItemType: { Appointment: "appointment", Message: "message" } },
    EventType: {
      AppointmentTimeChanged: "time",
      RecipientsChanged: "recipients",
      RecurrenceChanged: "recurrence",
      OfficeThemeChanged: "theme",
    },
    context: given.outside
      ? {}
      : {
          platform: given.platform ?? "OfficeOnline",
          displayLanguage: given.language ?? "en-GB",
          officeTheme: given.theme,
          requirements: { isSetSupported: (set) => (given.sets ?? []).includes(set) },
          mailbox: {
            item,
            userProfile: { emailAddress: "jane@calder.test", displayName: "Jane Doe" },
            addHandlerAsync: register,
            // Five and a half hours ahead: no browser zone of a test machine hides a mistake.
            convertToLocalClientTime(instant) {
              const local = new Date(instant.getTime() + 330 * 60_000);
              return {
                year: local.getUTCFullYear(),
                month: local.getUTCMonth(),
                date: local.getUTCDate(),
                hours: local.getUTCHours(),
                minutes: local.getUTCMinutes(),
                seconds: local.getUTCSeconds(),
              };
            },
          },
        },
    onReady: (done) =>
      given.silent
        ? new Promise(() => {})
        : Promise.resolve({ host: given.outside ? null : "Outlook" }).then((info) => {
            done?.(info);
            return info;
          }),
  };
  let running = false;
  const getAccessToken = async (options) => {
    calls.push(`token ${JSON.stringify(options)}`);
    if (running) throw { code: 13008, message: "The previous call is still running." };
    running = true;
    await new Promise((resolve) => setTimeout(resolve, 5));
    running = false;
    if (given.signedOut && !options.allowSignInPrompt) throw { code: 13001, message: "Not signed in" };
    if (given.cancels && options.allowSignInPrompt) throw { code: 13002, message: "Cancelled" };
    return `token-${calls.length}${options.authChallenge ? "-proven" : ""}`;
  };
  if (!given.noOfficeSignIn) window.OfficeRuntime = { auth: { getAccessToken } };
  for (const forbidden of ["alert", "confirm", "prompt"]) {
    window[forbidden] = () => {
      throw new Error(`window.${forbidden} is not supported`);
    };
  }
  window.history.pushState = null;
  window.history.replaceState = null;
  if (!given.blocked) window.Office = Office;
  window.outlook = {
    calls,
    change(values, type = "time") {
      Object.assign(form, values);
      (handlers[type] ?? []).forEach((handler) => handler({ type }));
    },
    comeBack: () => window.dispatchEvent(new Event("focus")),
    theme(officeTheme) {
      (handlers.theme ?? []).forEach((handler) => handler({ officeTheme }));
    },
  };
})();
