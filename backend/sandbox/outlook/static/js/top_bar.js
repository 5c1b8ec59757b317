/** The bar at the top: clock, theme, and who is at this Outlook. */

/** @import { Preferences } from './preferences.js' */

import * as api from './api.js';
import { avatar } from './avatar.js';
import { byId, h, icon, refill } from './dom.js';
import { page } from './page.js';

const CLOCK_MILLISECONDS = 15_000;

export function showLost() {
  byId('clock').textContent = 'No connection to the sandbox';
}

/** Reads the sandbox's clock, which may run ahead of ours. */
export async function showClock() {
  const { now: told } = await api.clock();
  page.clockLead = Date.parse(told) - Date.now();
  byId('clock').textContent = page.now().replace('T', ' ');
}

export function keepClock() {
  window.setInterval(() => showClock().catch(() => {}), CLOCK_MILLISECONDS);
}

/**
 * @param {Preferences} preferences
 * @param {() => void} [changed]
 */
export function followTheme(preferences, changed = () => {}) {
  const show = () => {
    const dark = preferences.isDark;
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    const button = byId('theme');
    button.setAttribute('aria-pressed', String(dark));
    refill(button, icon(dark ? 'sun' : 'moon'));
    changed();
  };
  byId('theme').addEventListener('click', () => {
    preferences.set('theme', preferences.isDark ? 'light' : 'dark');
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  // Another column of the same browser chose a theme.
  window.addEventListener('storage', () => {
    preferences.readAgain();
    show();
  });
  show();
}

export function showPerson() {
  const { name } = page.person;
  refill(byId('person'), avatar(name), h('span', { class: 'person-name' }, name));
  byId('person').title = 'Change person';
  document.title = `${name} – Outlook sandbox`;
}
