/** Several Outlooks side by side: each column is this page again, as another person. */

import { ActivityFeed } from './activity_feed.js';
import { ActivityStrip } from './activity_strip.js';
import * as api from './api.js';
import { byId, h, icon, refill } from './dom.js';
import { follow } from './live.js';
import { choosePerson, everybody } from './people.js';
import { say } from './popup.js';
import { Preferences } from './preferences.js';
import { followTheme, keepClock, showClock, showLost } from './top_bar.js';

const MOST_COLUMNS = 4;
const NOTHING_OPEN = { event: '', mode: '' };

/** @type {{ element: HTMLElement, frame: HTMLIFrameElement, state: URLSearchParams }[]} */
let columns = [];
/** @type {import('./people.js').Somebody[]} */
let people = [];

/** @param {Record<string, string>} state as in the address of the page */
function addColumn(state) {
  if (columns.length >= MOST_COLUMNS) return say(`No more than ${MOST_COLUMNS} people fit beside each other.`, true);
  const asked = new URLSearchParams(state);
  const query = new URLSearchParams(window.location.search);
  query.set('column', '1');
  const name = people.find((one) => one.address === state.person)?.name ?? 'Outlook';
  const frame = h('iframe', { title: name, src: `/?${query}#${asked}` });
  const element = h(
    'section',
    { class: 'column', 'aria-label': name },
    frame,
    h(
      'button',
      {
        type: 'button',
        class: 'icon-button column-close',
        'aria-label': `Close the column of ${name}`,
        onClick: () => removeColumn(element),
      },
      icon('close'),
    ),
  );
  columns.push({ element, frame, state: asked });
  byId('columns').append(element);
  keepAddress();
  return undefined;
}

/** @param {HTMLElement} element */
function removeColumn(element) {
  columns = columns.filter((one) => one.element !== element);
  element.remove();
  keepAddress();
  byId('add-column').focus();
}

/** The address holds every column's state, so that it can be sent to somebody. */
function keepAddress() {
  const text = columns.map(({ state }) => encodeURIComponent(String(state))).join('&');
  window.history.replaceState(null, '', `#${text}`);
}

/** @param {MessageEvent} event from one of the columns */
function heard({ source, origin, data }) {
  const column = columns.find(({ frame }) => frame.contentWindow === source);
  if (!column || origin !== window.location.origin) return;
  if (data?.kind === 'outlook:address') {
    column.state = new URLSearchParams(data.hash);
    const person = people.find((one) => one.address === column.state.get('person'));
    if (person) {
      column.frame.title = person.name;
      column.element.setAttribute('aria-label', person.name);
    }
    keepAddress();
  } else if (data?.kind === 'outlook:beside') {
    showBeside(data.state);
  }
}

/** @param {Record<string, string>} state in that person's column, or in a new one */
function showBeside(state) {
  const there = columns.find((one) => one.state.get('person') === state.person);
  if (!there) return addColumn(state);
  const next = new URLSearchParams(there.state);
  for (const [name, value] of Object.entries({ calendar: '', ...NOTHING_OPEN, ...state })) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  const { contentWindow } = there.frame;
  if (contentWindow) contentWindow.location.hash = `#${next}`;
  there.element.scrollIntoView();
  return undefined;
}

async function begin() {
  const preferences = new Preferences();
  followTheme(preferences);
  refill(byId('add-column'), icon('plus'), h('span', {}, 'Add a person'));
  refill(byId('activity-button'), icon('pulse'));
  const state = await api.state();
  people = everybody(state).filter((one) => one.mailbox);
  const strip = new ActivityStrip(byId('activity'), byId('activity-button'), new ActivityFeed(state.clients));
  byId('add-column').addEventListener('click', () =>
    choosePerson('Who sits beside?', people, ({ address }) => void addColumn({ person: address })),
  );
  window.addEventListener('message', heard);
  const given = window.location.hash.slice(1).split('&').filter(Boolean);
  const wanted = given.map((text) => Object.fromEntries(new URLSearchParams(decodeURIComponent(text))));
  const first = wanted.length ? wanted : people.slice(0, 2).map(({ address }) => ({ person: address }));
  for (const one of first) addColumn(one);
  keepClock();
  await showClock();
  document.documentElement.dataset.ready = 'true';
  await follow({ changed: async () => {}, looked: () => strip.look(), lost: showLost });
}

begin().catch((error) => say(`The sandbox does not answer: ${error.message}`, true));
