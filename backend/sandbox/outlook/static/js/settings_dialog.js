/** The gear: which Outlook this page plays, and what it lets add-ins do. */

/** @import { PreferenceName, Preferences } from './preferences.js' */

import { h } from './dom.js';
import { openDialog } from './popup.js';
import { PERMISSIONS, PERSONAS, SSO_ANSWERS } from './preferences.js';

/**
 * @param {Preferences} preferences
 * @param {() => void} changed the pane must be opened again
 */
export function openSettings(preferences, changed) {
  const clients = Object.entries(PERSONAS).map(([key, persona]) => [key, persona.name]);
  const row = (
    /** @type {string} */ label,
    /** @type {PreferenceName} */ name,
    /** @type {string[][]} */ options,
    /** @type {string} */ note,
  ) => {
    const select = h(
      'select',
      {},
      ...options.map(([value, text]) => h('option', { value }, text)),
    );
    select.value = preferences.get(name);
    select.addEventListener('change', () => {
      preferences.set(name, select.value);
      changed();
    });
    return h('label', { class: 'setting' }, h('span', {}, label, h('small', {}, note)), select);
  };
  openDialog(
    'This Outlook',
    'settings',
    row('Client', 'client', clients, 'What Office.js says it runs in'),
    row('Permission', 'permission', PERMISSIONS.map((one) => [one, one]), "The manifest's permission"),
    row(
      'Nested app authentication',
      'naa',
      [
        ['on', 'Offered'],
        ['click', 'Offered, first token needs a click'],
        ['off', 'Not offered'],
      ],
      'The bridge for MSAL.js',
    ),
    row('getAccessToken', 'sso', Object.entries(SSO_ANSWERS), "Office's own single sign-on"),
    row(
      'Composing forms',
      'keeps',
      [
        ['', "As the sandbox's personality says"],
        ['on', 'Write back their own categories'],
        ['off', 'Leave the categories alone'],
      ],
      'When an open form is saved',
    ),
    row(
      'Recurrence',
      'recurrence',
      [
        ['told', 'Told'],
        ['lost', 'Null while composing on the web'],
      ],
      'What recurrence.getAsync gives',
    ),
  );
}
