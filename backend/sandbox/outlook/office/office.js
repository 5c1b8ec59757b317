/**
 * The sandbox's stand-in for Microsoft's office.js: the appointment part of it, typed against
 * Microsoft's own types and as awkward as Outlook. It changes nothing by itself: everything is asked
 * of the Outlook-like page around the pane.
 */

/** @import { Welcome } from '../protocol.js' */

import * as enums from './enums.js';
import { covers, mailboxOf, roamingSettings } from './mailbox.js';
import { grant } from './results.js';
import { getAccessToken, offerNestedAppAuth } from './sign_in.js';
import { isDialog, ui } from './ui.js';
import { greet, listen } from './wire.js';

const DIALOG_API = '1.2';
const NESTED_APP_AUTH = '1.1';
const IDENTITY_API = '1.3';

const context = {};
const greeting = greet();

/** @param {Welcome} welcome */
function requirementsOf(welcome) {
  /** @type {Record<string, string>} */
  const sets = {
    Mailbox: welcome.persona.mailboxSet,
    DialogApi: DIALOG_API,
    IdentityAPI: IDENTITY_API,
    ...(welcome.naa ? { NestedAppAuth: NESTED_APP_AUTH } : {}),
  };
  return {
    isSetSupported: (/** @type {string} */ name, /** @type {string | number} */ least = '1.1') =>
      name in sets && covers(sets[name], String(least)),
  };
}

/** @param {Welcome} welcome */
function fill(welcome) {
  grant(welcome.permission);
  /** @satisfies {Partial<Omit<Office.Context, 'mailbox'>>} */
  const members = {
    contentLanguage: welcome.language,
    displayLanguage: welcome.language,
    diagnostics: /** @type {any} */ ({
      host: 'Outlook',
      platform: welcome.persona.platform,
      version: welcome.persona.hostVersion,
    }),
    host: /** @type {any} */ ('Outlook'),
    platform: /** @type {any} */ (welcome.persona.platform),
    requirements: requirementsOf(welcome),
    roamingSettings: roamingSettings(welcome.roaming),
    touchEnabled: false,
    ui: /** @type {any} */ (ui),
  };
  if (welcome.persona.hasTheme && covers(welcome.persona.mailboxSet, '1.14')) {
    Object.assign(context, { officeTheme: welcome.theme });
    listen((event, payload) => {
      if (event === enums.EventType.OfficeThemeChanged) {
        Object.assign(context, { officeTheme: payload.officeTheme });
      }
    });
  }
  Object.assign(context, members, { mailbox: mailboxOf(welcome) });
}

async function start() {
  if (isDialog) {
    Object.assign(context, { ui });
    return { host: 'Outlook', platform: 'OfficeOnline', addin: null };
  }
  const welcome = await greeting;
  if (!welcome) {
    // eslint-disable-next-line no-console -- Microsoft's script says exactly this
    console.warn('Warning: Office.js is loaded outside of Office client');
    return { host: null, platform: null, addin: null };
  }
  fill(welcome);
  return { host: 'Outlook', platform: welcome.persona.platform, addin: null };
}

const started = start();

const Office = {
  ...enums,
  context,
  auth: { getAccessToken },
  initialize: () => {},
  /** @param {(info: any) => any} [callback] */
  onReady: async (callback) => {
    const info = await started;
    await callback?.(info);
    return info;
  },
};

void started.then((info) => {
  if (info.host) Office.initialize();
});

const forbidden = (/** @type {string} */ name) => () => {
  throw new Error(`Function ${name} is not supported.`);
};
for (const name of ['alert', 'confirm', 'prompt']) {
  Object.assign(window, { [name]: forbidden(`window.${name}`) });
}
Object.assign(window.history, { pushState: null, replaceState: null });

offerNestedAppAuth(greeting);
Object.assign(window, { Office, OfficeRuntime: { auth: { getAccessToken } } });
