/** Which Outlook this page plays and how it looks: kept per browser, overridden by the address. */

/** @import { PermissionName, Persona, Theme } from '../../protocol.js' */

import { remember, remembered } from './memory.js';

const KEY = 'outlook-page';

/** @type {Record<string, Persona>} */
export const PERSONAS = {
  web: {
    name: 'Outlook on the web',
    platform: 'OfficeOnline',
    hostName: 'OutlookWebApp',
    hostVersion: '20260904003.07',
    mailboxSet: '1.15',
    sensitivities: 'two',
    categoriesWhileComposing: false,
    hasTheme: true,
    isMac: false,
  },
  new: {
    name: 'New Outlook for Windows',
    platform: 'OfficeOnline',
    hostName: 'newOutlookWindows',
    hostVersion: '20260904003.07',
    mailboxSet: '1.15',
    sensitivities: 'two',
    categoriesWhileComposing: false,
    hasTheme: true,
    isMac: false,
  },
  classic: {
    name: 'Classic Outlook for Windows',
    platform: 'PC',
    hostName: 'Outlook',
    hostVersion: '16.0.18526.20168',
    mailboxSet: '1.15',
    sensitivities: 'all',
    categoriesWhileComposing: true,
    hasTheme: true,
    isMac: false,
  },
  ltsc: {
    name: 'Outlook LTSC 2021',
    platform: 'PC',
    hostName: 'Outlook',
    hostVersion: '16.0.14332.20763',
    mailboxSet: '1.9',
    sensitivities: 'none',
    categoriesWhileComposing: true,
    hasTheme: false,
    isMac: false,
  },
  mac: {
    name: 'Outlook for Mac',
    platform: 'Mac',
    hostName: 'Outlook',
    hostVersion: '16.101.25100321',
    mailboxSet: '1.14',
    sensitivities: 'two',
    categoriesWhileComposing: true,
    hasTheme: true,
    isMac: true,
  },
  oldMac: {
    name: 'Outlook for Mac, classic interface',
    platform: 'Mac',
    hostName: 'Outlook',
    hostVersion: '16.89.24090815',
    mailboxSet: '1.8',
    sensitivities: 'none',
    categoriesWhileComposing: true,
    hasTheme: false,
    isMac: true,
  },
};

/** @type {PermissionName[]} */
export const PERMISSIONS = ['Restricted', 'ReadItem', 'ReadWriteItem', 'ReadWriteMailbox'];

/** @type {Record<string, string>} */
export const SSO_ANSWERS = {
  0: 'Gives a token',
  13000: '13000 not supported',
  13001: '13001 not signed in (unless it may ask)',
  13002: '13002 the person cancelled',
  13003: '13003 kind of account not supported',
  13005: '13005 not pre-authorised',
  13006: '13006 sign out and start again',
  13007: '13007 no token',
  13012: '13012 platform not supported',
};

const DEFAULTS = {
  client: 'web',
  permission: 'ReadWriteItem',
  naa: 'on',
  sso: '0',
  keeps: '',
  recurrence: 'told',
  theme: '',
  pane: 'open',
  width: '320',
};
/** @typedef {keyof typeof DEFAULTS} PreferenceName */

/** Preferences with the address's query on top: `?naa=off&client=classic&permission=ReadItem`. */
export class Preferences {
  constructor() {
    const query = new URLSearchParams(window.location.search);
    this.kept = { ...DEFAULTS, ...remembered(KEY) };
    /** @type {Record<string, string>} */
    this.overridden = {};
    for (const name of Object.keys(DEFAULTS)) {
      const value = query.get(name);
      if (value !== null) this.overridden[name] = value;
    }
    this.byPersonality = false;
  }

  /** Another page of this browser may have changed them. */
  readAgain() {
    this.kept = { ...DEFAULTS, ...remembered(KEY) };
  }

  /** @param {PreferenceName} name */
  get(name) {
    return String(this.overridden[name] ?? this.kept[name]);
  }

  /**
   * @param {PreferenceName} name
   * @param {string} value
   */
  set(name, value) {
    delete this.overridden[name];
    this.kept[name] = value;
    remember(KEY, this.kept);
  }

  get persona() {
    return PERSONAS[this.get('client')] ?? PERSONAS.web;
  }

  get permission() {
    const wanted = /** @type {PermissionName} */ (this.get('permission'));
    return PERMISSIONS.includes(wanted) ? wanted : 'ReadWriteItem';
  }

  /** Whether a composing form writes back the categories it was opened with. */
  get keepsCategories() {
    const chosen = this.get('keeps');
    return chosen ? chosen === 'on' : this.byPersonality;
  }

  get isDark() {
    const chosen = this.get('theme');
    return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  }

  /** @returns {Theme} */
  get officeTheme() {
    return this.isDark
      ? {
          bodyBackgroundColor: '#292929',
          bodyForegroundColor: '#ffffff',
          controlBackgroundColor: '#1f1f1f',
          controlForegroundColor: '#ffffff',
        }
      : {
          bodyBackgroundColor: '#ffffff',
          bodyForegroundColor: '#242424',
          controlBackgroundColor: '#fafafa',
          controlForegroundColor: '#242424',
        };
  }
}
