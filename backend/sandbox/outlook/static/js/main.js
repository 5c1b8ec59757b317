/** Starts the page: puts its parts together and follows the address. */

/** @import { Somebody } from './people.js' */

import { ActivityFeed } from './activity_feed.js';
import { ActivityStrip } from './activity_strip.js';
import { IS_COLUMN, askForColumn, readAddress, writeAddress } from './address.js';
import * as api from './api.js';
import { Calendar } from './calendar.js';
import { byId, h, icon, refill } from './dom.js';
import { follow } from './live.js';
import { Opening } from './opening.js';
import { page } from './page.js';
import { choosePerson, delegations, everybody, others } from './people.js';
import { say } from './popup.js';
import { Preferences } from './preferences.js';
import { openSettings } from './settings_dialog.js';
import { listenToKeys } from './shortcuts.js';
import { followTheme, keepClock, showClock, showLost, showPerson } from './top_bar.js';

const preferences = new Preferences();
const opening = new Opening(
  preferences,
  () => calendar,
  (owner, event) => askForColumn({ person: owner, event }),
);
const calendar = new Calendar({
  open: (id) => void opening.open(id, ''),
  create: (wall) => opening.create(wall),
});

/** @param {Somebody} person */
function become(person) {
  opening.clear();
  page.person = person;
  page.owner = person;
  writeAddress({ person: person.address, event: '', mode: '', calendar: '' });
  showPerson();
}

/** Takes over what the address says; unknown people become the first one with a mailbox. */
async function followAddress() {
  const { person, calendar: shared, view, date, event, mode } = readAddress();
  const first = page.people.find((one) => one.mailbox) ?? page.people[0];
  const known = person ? page.personAt(person) : undefined;
  if (person && !known) say(`Nobody here has the address ${person}.`, true);
  const chosen = known ?? first;
  if (chosen !== page.person) become(chosen);
  page.owner = (shared && page.personAt(shared)) || chosen;
  page.view = view === 'list' ? 'list' : 'week';
  page.day = /^\d{4}-\d\d-\d\d$/.test(date) ? date : page.today;
  opening.clear();
  await calendar.load();
  if (event) await opening.open(event, mode);
  else if (mode === 'new') opening.create(page.nextStart);
}

function listen() {
  byId('person').addEventListener('click', () =>
    choosePerson('Who is at this Outlook?', page.people, (person) => {
      become(person);
      void calendar.load();
    }),
  );
  byId('settings').addEventListener('click', () =>
    openSettings(preferences, () => opening.desk.reopenPane()),
  );
  byId('beside').addEventListener('click', () => askForColumn(null));
  listenToKeys(calendar, opening);
  window.addEventListener('hashchange', () => void followAddress());
  for (const width of [520, 860]) {
    matchMedia(`(min-width: ${width}px)`).addEventListener('change', () => void calendar.load());
  }
}

async function begin() {
  document.documentElement.classList.toggle('is-column', IS_COLUMN);
  refill(byId('settings'), icon('gear'));
  refill(byId('beside'), icon('columns'));
  refill(byId('activity-button'), icon('pulse'), h('span', { class: 'unseen' }, 'Activity'));
  followTheme(preferences, () => opening.desk.panel?.host?.announceTheme(preferences.officeTheme));
  const [state, settings] = await Promise.all([api.state(), api.settings()]);
  page.people = everybody(state);
  page.groups = others(state, 'groups');
  page.rooms = others(state, 'rooms');
  page.delegations = delegations(state);
  page.paneUrl = settings.pane_url || null;
  preferences.byPersonality = settings.personality.form_categories === 'overwrites';
  const strip = IS_COLUMN
    ? null
    : new ActivityStrip(byId('activity'), byId('activity-button'), new ActivityFeed(state.clients));
  listen();
  keepClock();
  await showClock();
  await followAddress();
  document.documentElement.dataset.ready = 'true';
  await follow({
    changed: async (mailboxes) => {
      if (!mailboxes || mailboxes.includes(page.owner.address)) await calendar.load();
      await opening.refresh();
    },
    looked: async () => strip?.look(),
    lost: showLost,
  });
}

begin().catch((error) => say(`The sandbox does not answer: ${error.message}`, true));
