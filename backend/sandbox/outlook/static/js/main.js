/** The page: who is looking at which calendar and which days; opens events on the desk. */

/** @import { Delegation, Invited, Somebody } from './people.js' */

import { readAddress, writeAddress } from './address.js';
import * as api from './api.js';
import { avatar } from './avatar.js';
import { ZONE, addDays, mondayOf, momentOf, wallOf } from './dates.js';
import { Desk } from './desk.js';
import { byId, h, icon, refill } from './dom.js';
import { EventForm } from './form.js';
import { showList } from './list.js';
import { mailDrawer } from './mail_drawer.js';
import { remembered, remember } from './memory.js';
import { emptyValues, valuesOf } from './model.js';
import { monthPicker } from './month.js';
import { choosePerson, delegations, everybody, others } from './people.js';
import { attempt, confirmed, say } from './popup.js';
import { Preferences } from './preferences.js';
import { openSettings } from './settings_dialog.js';
import { calendarList, showToolbar } from './toolbar.js';
import { isHidden, mayEdit, strangersIn, withoutDetails } from './sharing.js';
import { showWeek } from './week.js';

const POLL_MILLISECONDS = 1500;
const CLOCK_MILLISECONDS = 15_000;
const LIST_DAYS = 14;
const SHARED_KEY = 'outlook-shared-calendars';

const preferences = new Preferences();

/** Everything the page remembers. */
const page = {
  /** @type {Somebody[]} */
  people: [],
  /** @type {Somebody} */
  person: /** @type {any} */ (null),
  /** @type {Somebody} */
  owner: /** @type {any} */ (null),
  view: 'week',
  day: '',
  /** @type {any[]} */
  events: [],
  /** @type {{ displayName: string, color: string }[]} */
  master: [],
  /** @type {string | null} */
  paneUrl: null,
  /** @type {Invited[]} */
  groups: [],
  /** @type {Invited[]} */
  rooms: [],
  /** @type {Delegation[]} */
  delegations: [],
  /** The sandbox's clock minus ours, in milliseconds. */
  clockLead: 0,
  /** What the last poll said. */
  news: { next: 0, mail: 0, generation: 0 },
};

const now = () => wallOf(new Date(Date.now() + page.clockLead));
const today = () => now().slice(0, 10);
const drawer = mailDrawer(() => toggleMail());
const picker = monthPicker((day) => void go({ day }));
const desk = new Desk({
  element: byId('form'),
  preferences,
  paneUrl: () => page.paneUrl,
  signIn: () => ({
    person: page.person,
    sso: () => preferences.get('sso'),
    naa: () => preferences.get('naa'),
    confirm: () =>
      confirmed('Sign in to InterAction', `Continue as ${page.person.name} (${page.person.address})?`, 'Continue'),
  }),
  people: () => [...page.people, ...page.groups, ...strangers()],
  rooms: () => page.rooms.filter((room) => room.tenantId === page.owner.tenantId),
  openOther: (id) => void openEvent(id, ''),
  closed: () => {
    writeAddress({ event: '', mode: '' });
    byId('shell').inert = false;
    void load();
    byId('view').focus({ preventScroll: true });
  },
  saved: (id) => {
    writeAddress({ event: id, mode: desk.form?.surface === 'read' ? 'read' : 'compose' });
    void load();
  },
});

/** How many days fit: a week, three days or one. */
function daysShown() {
  if (page.view === 'list') return LIST_DAYS;
  const { innerWidth } = window;
  return innerWidth < 520 ? 1 : innerWidth < 860 ? 3 : 7;
}

function firstDay() {
  const days = daysShown();
  if (days === 7) return mondayOf(page.day);
  if (page.view === 'list') return page.day === today() ? page.day : mondayOf(page.day);
  return page.day;
}

/** @param {Partial<{ day: string, view: string, owner: Somebody }>} where */
async function go(where) {
  Object.assign(page, where);
  writeAddress({
    date: page.day === today() ? '' : page.day,
    view: page.view === 'week' ? '' : page.view,
    calendar: page.owner.address === page.person.address ? '' : page.owner.address,
  });
  byId('shell').classList.remove('rail-open');
  await load();
}

/** Reads the days on the screen and shows them. */
async function load() {
  if (!page.person.mailbox) return showNoMailbox();
  const first = firstDay();
  const { address } = page.owner;
  const start = momentOf(`${addDays(first, -1)}T00:00`);
  const end = momentOf(`${addDays(first, daysShown() + 1)}T00:00`);
  await attempt(async () => {
    const [events, master] = await Promise.all([
      api.events(address, start, end),
      api.categories(address).catch(() => []),
    ]);
    if (address !== page.owner.address) return;
    page.events = events.map((event) => (hidden(event) ? withoutDetails(event) : event));
    page.master = master;
  });
  show();
  return undefined;
}

function show() {
  const first = firstDay();
  const scene = {
    first,
    days: daysShown(),
    events: page.events,
    master: page.master,
    now: now(),
    open: (/** @type {any} */ event) => void openEvent(event.id, ''),
    create: (/** @type {string} */ wall) => openNew(wall),
  };
  const focused = document.activeElement?.id;
  showBars(first);
  if (page.view === 'list') showList(scene, byId('view'));
  else showWeek(scene, byId('view'));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** @param {string} first */
function showBars(first) {
  const days = daysShown();
  const mailOpen = !drawer.element.hidden;
  showToolbar(byId('toolbar'), { view: page.view, first, days, mailOpen }, {
    create: () => openNew(`${page.day}T${nextHalfHour()}`),
    today: () => void go({ day: today() }),
    step: (steps) => void go({ day: addDays(firstDay(), steps * days) }),
    view: (name) => void go({ view: name }),
    toggleMail,
    toggleRail: () => void byId('shell').classList.toggle('rail-open'),
  });
  picker.mark(first, days, today());
  refill(
    byId('rail'),
    picker.element,
    calendarList(calendars(), page.owner.address, (owner) => void go({ owner: personAt(owner.address) }), chooseShared),
    h('p', { class: 'rail-note' }, `Times in ${ZONE.replaceAll('_', ' ')}`),
  );
}

function nextHalfHour() {
  const [hours, minutes] = now().slice(11).split(':').map(Number);
  if (page.day !== today()) return '09:00';
  const half = Math.min(47, hours * 2 + (minutes < 30 ? 1 : 2));
  return `${String(Math.floor(half / 2)).padStart(2, '0')}:${half % 2 ? '30' : '00'}`;
}

/** @param {string} key address or id */
function personAt(key) {
  const wanted = key.toLowerCase();
  return page.people.find((one) => one.address.toLowerCase() === wanted || one.id === wanted);
}

/** @returns {Record<string, string[]>} addresses of opened calendars by the person's address */
function sharedCalendars() {
  return remembered(SHARED_KEY);
}

function calendars() {
  const opened = (sharedCalendars()[page.person.address] ?? []).map(personAt);
  const known = /** @type {Somebody[]} */ (opened.filter(Boolean));
  const shown = [page.person, ...known];
  return shown.includes(page.owner) ? shown : [...shown, page.owner];
}

const editing = () => mayEdit(page.delegations, page.owner, page.person);
/** @param {any} event */
const hidden = (event) => isHidden(event, page.delegations, page.owner, page.person);
const strangers = () => strangersIn(page.events, [...page.people, ...page.groups, ...page.rooms]);

function chooseShared() {
  const { person } = page;
  const owners = page.delegations.filter((one) => one.delegate === person.address);
  const colleagues = page.people.filter((one) => owners.some(({ owner }) => owner === one.address));
  choosePerson('Open shared calendar of…', colleagues, (owner) => {
    const all = sharedCalendars();
    all[person.address] = [...new Set([...(all[person.address] ?? []), owner.address])];
    remember(SHARED_KEY, all);
    void go({ owner });
  });
}

function showNoMailbox() {
  refill(byId('toolbar'));
  refill(byId('rail'));
  refill(byId('view'), h('p', { class: 'quiet no-mailbox' }, `${page.person.name} has no mailbox.`));
}

/** @param {string} wall start */
function openNew(wall) {
  if (!page.person.mailbox || !editing()) return;
  writeAddress({ event: '', mode: 'new' });
  openForm({ surface: 'compose', event: null, values: emptyValues(wall) });
}

/**
 * @param {string} id
 * @param {string} mode 'read', 'compose' or '' for what Outlook would take
 */
async function openEvent(id, mode) {
  await attempt(async () => {
    const event = await api.oneEvent(page.owner.address, id);
    if (hidden(event)) return say('This appointment is private.');
    const composes = mode ? mode === 'compose' : event.isOrganizer && editing();
    const surface = composes ? 'compose' : 'read';
    writeAddress({ event: event.id, mode: surface });
    openForm({ surface, event, values: valuesOf(event) });
    return undefined;
  });
}

/** @param {{ surface: 'read' | 'compose', event: any, values: import('./model.js').Values }} what */
function openForm(what) {
  byId('shell').inert = true;
  desk.show(
    new EventForm({
      ...what,
      owner: page.owner,
      person: page.person,
      master: page.master,
      isEditor: editing(),
      keepsCategories: () => preferences.keepsCategories,
    }),
  );
}

function toggleMail() {
  drawer.element.hidden = !drawer.element.hidden;
  byId('shell').classList.toggle('has-drawer', !drawer.element.hidden);
  void drawer.load();
  show();
}

/** Asks what changed, and shows it. */
async function poll() {
  try {
    const news = await api.changes(page.news.next);
    const isNew = news.generation !== page.news.generation;
    if (isNew || news.mailboxes.includes(page.owner.address)) await load();
    if (isNew || news.mail !== page.news.mail) await drawer.load();
    if (isNew || news.next !== page.news.next) await refreshForm();
    page.news = news;
  } catch {
    byId('clock').textContent = 'No connection to the sandbox';
  }
  window.setTimeout(poll, POLL_MILLISECONDS);
}

async function refreshForm() {
  const { form } = desk;
  if (!form?.id) return;
  const { address } = form.owner;
  const [event, master] = await Promise.all([
    api.oneEvent(address, form.id).catch(() => null),
    api.categories(address).catch(() => form.master),
  ]);
  if (desk.form !== form) return;
  form.master = master;
  if (event) form.refresh(event);
  await desk.behind?.load();
}

async function showClock() {
  const { now: told } = await api.clock();
  page.clockLead = Date.parse(told) - Date.now();
  byId('clock').textContent = now().replace('T', ' ');
}

function showTheme() {
  const dark = preferences.isDark;
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  const button = byId('theme');
  button.setAttribute('aria-pressed', String(dark));
  refill(button, icon(dark ? 'sun' : 'moon'));
  desk.panel?.host?.announceTheme(preferences.officeTheme);
}

function showPerson() {
  const { name } = page.person;
  refill(byId('person'), avatar(name), h('span', { class: 'person-name' }, name));
  byId('person').title = 'Change person';
  document.title = `${name} – Outlook sandbox`;
}

/** @param {Somebody} person */
function become(person) {
  desk.clear();
  byId('shell').inert = false;
  page.person = person;
  page.owner = person;
  writeAddress({ person: person.address, event: '', mode: '', calendar: '' });
  showPerson();
}

/** Takes over what the address says; unknown people become the first one with a mailbox. */
async function followAddress() {
  const { person, calendar, view, date, event, mode } = readAddress();
  const first = page.people.find((one) => one.mailbox) ?? page.people[0];
  const chosen = (person && personAt(person)) || first;
  if (person && chosen === first && personAt(person) !== first) say(`Nobody here has the address ${person}.`, true);
  if (chosen !== page.person) become(chosen);
  page.owner = (calendar && personAt(calendar)) || chosen;
  page.view = view === 'list' ? 'list' : 'week';
  page.day = /^\d{4}-\d\d-\d\d$/.test(date) ? date : today();
  desk.clear();
  byId('shell').inert = false;
  await load();
  if (event) await openEvent(event, mode);
  else if (mode === 'new') openNew(`${page.day}T${nextHalfHour()}`);
}

/** @param {KeyboardEvent} event */
function shortcut(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const typing = target.closest('input, textarea, select, dialog, [role=separator]');
  if (event.key === 'Escape' && desk.form && !typing && !desk.form.isDirty) desk.close();
  if (typing || desk.form || event.ctrlKey || event.metaKey || event.altKey) return;
  const days = daysShown();
  /** @type {Record<string, () => void>} */
  const keys = {
    n: () => openNew(`${page.day}T${nextHalfHour()}`),
    t: () => void go({ day: today() }),
    w: () => void go({ view: 'week' }),
    l: () => void go({ view: 'list' }),
    ArrowLeft: () => void go({ day: addDays(firstDay(), -days) }),
    ArrowRight: () => void go({ day: addDays(firstDay(), days) }),
  };
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function listen() {
  byId('person').addEventListener('click', () =>
    choosePerson('Who is at this Outlook?', page.people, (person) => {
      become(person);
      void load();
    }),
  );
  byId('theme').addEventListener('click', () => {
    preferences.set('theme', preferences.isDark ? 'light' : 'dark');
    showTheme();
  });
  byId('settings').addEventListener('click', () => openSettings(preferences, () => desk.reopenPane()));
  document.addEventListener('keydown', shortcut);
  window.addEventListener('hashchange', () => void followAddress());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', showTheme);
  for (const width of [520, 860]) {
    matchMedia(`(min-width: ${width}px)`).addEventListener('change', () => void load());
  }
  window.setInterval(() => showClock().catch(() => {}), CLOCK_MILLISECONDS);
}

async function begin() {
  refill(byId('settings'), icon('gear'));
  showTheme();
  byId('shell').append(drawer.element);
  const [state, settings] = await Promise.all([api.state(), api.settings()]);
  page.people = everybody(state);
  page.groups = others(state, 'groups');
  page.rooms = others(state, 'rooms');
  page.delegations = delegations(state);
  page.paneUrl = settings.pane_url || null;
  page.news = await api.changes(0);
  preferences.byPersonality = settings.personality.form_categories === 'overwrites';
  listen();
  await showClock();
  await followAddress();
  document.documentElement.dataset.ready = 'true';
  void poll();
}

begin().catch((error) => say(`The sandbox does not answer: ${error.message}`, true));
