/** `Office.context.mailbox` and the per-user settings that roam with it. */

/** @import { OpenItem, Welcome } from '../protocol.js' */

import { EventType } from './enums.js';
import { handlerRegister } from './handlers.js';
import { appointmentCompose } from './item_compose.js';
import { appointmentRead } from './item_read.js';
import { recurrence } from './item_parts.js';
import { demand, method, settle, withHidden } from './results.js';
import { ask, listen } from './wire.js';

const ITEM_EVENTS = [
  EventType.AppointmentTimeChanged,
  EventType.AttachmentsChanged,
  EventType.EnhancedLocationsChanged,
  EventType.InfobarClicked,
  EventType.RecipientsChanged,
  EventType.RecurrenceChanged,
];

/** Whether the version `have` covers `want`; both like "1.14". */
export function covers(/** @type {string} */ have, /** @type {string} */ want) {
  const [haveMajor, haveMinor = 0] = have.split('.').map(Number);
  const [wantMajor, wantMinor = 0] = want.split('.').map(Number);
  return haveMajor > wantMajor || (haveMajor === wantMajor && haveMinor >= wantMinor);
}

/**
 * @param {Welcome} welcome
 * @param {OpenItem | null} open
 */
function itemOf(welcome, open) {
  if (!open) return null;
  const { persona } = welcome;
  const knows = persona.sensitivities !== 'none' && covers(persona.mailboxSet, '1.14');
  const register = handlerRegister(ITEM_EVENTS);
  listen((event, payload) => {
    const shown =
      event === EventType.RecurrenceChanged ? { recurrence: recurrence(payload.recurrence) } : {};
    register.raise(event, { ...payload, ...shown, type: event });
  });
  const { addHandlerAsync, removeHandlerAsync } = register;
  const handlers = { addHandlerAsync, removeHandlerAsync };
  return open.surface === 'read'
    ? appointmentRead(open, knows, handlers)
    : appointmentCompose(open, knows, handlers);
}

/** @param {Welcome} welcome */
export function mailboxOf(welcome) {
  const { persona, user } = welcome;
  const register = handlerRegister([EventType.ItemChanged, EventType.OfficeThemeChanged]);
  listen((event, payload) => register.raise(event, { ...payload, type: event }));
  /** @satisfies {Partial<Omit<Office.Mailbox, 'item'>>} */
  const members = {
    diagnostics: {
      hostName: persona.hostName,
      hostVersion: persona.hostVersion,
      OWAView: 'ThreeColumns',
      ews: /** @type {any} */ (undefined),
    },
    ewsUrl: 'https://outlook.office365.com/EWS/Exchange.asmx',
    restUrl: 'https://outlook.office.com/api',
    get userProfile() {
      demand('ReadItem', 'mailbox.userProfile');
      return { ...user, accountType: 'office365' };
    },
    masterCategories: masterCategories(),
    addHandlerAsync: register.addHandlerAsync,
    removeHandlerAsync: register.removeHandlerAsync,
    convertToRestId: (/** @type {string} */ id) => id.replaceAll('/', '-').replaceAll('+', '_'),
    convertToEwsId: (/** @type {string} */ id) => id.replaceAll('-', '/').replaceAll('_', '+'),
    convertToLocalClientTime: localClientTime,
    convertToUtcClientTime: (/** @type {Office.LocalClientTime} */ local) =>
      new Date(
        local.year, local.month, local.date, local.hours, local.minutes,
        local.seconds, local.milliseconds,
      ),
    getCallbackTokenAsync: deadToken('getCallbackTokenAsync'),
    getUserIdentityTokenAsync: deadToken('getUserIdentityTokenAsync'),
  };
  return withHidden({ item: itemOf(welcome, welcome.item) }, members);
}

/** @param {Date} time */
function localClientTime(time) {
  return {
    year: time.getFullYear(),
    month: time.getMonth(),
    date: time.getDate(),
    hours: time.getHours(),
    minutes: time.getMinutes(),
    seconds: time.getSeconds(),
    milliseconds: time.getMilliseconds(),
    timezoneOffset: -time.getTimezoneOffset(),
  };
}

/** Exchange's own tokens are switched off in every tenant. */
function deadToken(/** @type {string} */ name) {
  return method(`mailbox.${name}`, 'ReadItem', () => Promise.reject({ code: 9018 }));
}

/** @returns {Office.MasterCategories} */
function masterCategories() {
  const level = 'ReadWriteMailbox';
  return {
    getAsync: method('mailbox.masterCategories.getAsync', level, () => ask('master.get')),
    addAsync: method(
      'mailbox.masterCategories.addAsync',
      level,
      (list) => ask('master.add', list),
      { takes: [['categories', Array.isArray]], callbackOptional: true },
    ),
    removeAsync: method(
      'mailbox.masterCategories.removeAsync',
      level,
      (names) => ask('master.remove', names),
      { takes: [['categories', Array.isArray]], callbackOptional: true },
    ),
  };
}

/**
 * @param {Record<string, unknown>} stored
 * @returns {Office.RoamingSettings}
 */
export function roamingSettings(stored) {
  const values = { ...stored };
  return {
    get: (name) => values[name],
    set: (name, value) => {
      values[name] = value;
    },
    remove: (name) => {
      delete values[name];
    },
    saveAsync: (callback) => settle(ask('roaming.save', values), callback, undefined),
  };
}
