/** The strip at the bottom: Graph calls, sign-ins, notifications and mails as they happen. */

/** @import { ActivityFeed, Kind, Line } from './activity_feed.js' */

import { h, icon, put, refill } from './dom.js';
import { remember, remembered } from './memory.js';

const KEY = 'outlook-activity';
/** @type {Record<Kind, string>} */
const KINDS = {
  graph: 'Graph',
  login: 'Sign-in',
  notification: 'Notifications',
  mail: 'Mail',
  outlook: 'People',
};
/** @type {Record<string, string>} */
const MAIL_KINDS = {
  invitation: 'Invitation',
  update: 'Update',
  cancellation: 'Cancellation',
  response: 'Answer',
};

export class ActivityStrip {
  /**
   * @param {HTMLElement} element
   * @param {HTMLElement} button that shows and hides it
   * @param {ActivityFeed} feed
   */
  constructor(element, button, feed) {
    this.element = element;
    this.button = button;
    this.feed = feed;
    this.isPaused = false;
    this.words = '';
    /** @type {Set<string>} */
    this.hidden = new Set(remembered(KEY).hidden ?? []);
    this.list = h('div', {
      class: 'activity-list',
      role: 'log',
      'aria-label': 'Activity',
      'aria-live': 'off',
      tabindex: '0',
    });
    this.pause = h('button', { type: 'button', class: 'command', 'aria-pressed': 'false' }, 'Pause');
    this.pause.addEventListener('click', () => this.togglePause());
    put(element, this.head(), this.list);
    button.addEventListener('click', () => this.toggle(element.hidden !== false));
    this.toggle(remembered(KEY).open === true);
  }

  head() {
    const search = h('input', {
      type: 'search',
      placeholder: 'Filter',
      'aria-label': 'Filter activity',
    });
    search.addEventListener('input', () => {
      this.words = search.value.toLowerCase();
      this.show();
    });
    const clear = () => {
      this.feed.clear();
      this.show();
    };
    return h(
      'header',
      { class: 'activity-head' },
      h('h2', {}, 'Activity'),
      h('span', { class: 'activity-kinds', role: 'group', 'aria-label': 'Show' }, ...this.kindButtons()),
      search,
      this.pause,
      h('button', { type: 'button', class: 'command', onClick: clear }, 'Clear'),
      h(
        'button',
        {
          type: 'button',
          class: 'icon-button',
          'aria-label': 'Close activity',
          onClick: () => {
            this.toggle(false);
            this.button.focus();
          },
        },
        icon('close'),
      ),
    );
  }

  kindButtons() {
    return Object.entries(KINDS).map(([kind, label]) => {
      const button = h(
        'button',
        { type: 'button', class: 'kind-switch', 'data-kind': kind, 'aria-pressed': !this.hidden.has(kind) },
        label,
      );
      button.addEventListener('click', () => {
        if (!this.hidden.delete(kind)) this.hidden.add(kind);
        button.setAttribute('aria-pressed', String(!this.hidden.has(kind)));
        this.keep();
        this.show();
      });
      return button;
    });
  }

  keep() {
    remember(KEY, { open: !this.element.hidden, hidden: [...this.hidden] });
  }

  /** @param {boolean} opens */
  toggle(opens) {
    this.element.hidden = !opens;
    this.button.setAttribute('aria-pressed', String(opens));
    document.documentElement.classList.toggle('has-activity', opens);
    this.keep();
    if (opens) void this.look();
  }

  togglePause() {
    this.isPaused = !this.isPaused;
    this.pause.setAttribute('aria-pressed', String(this.isPaused));
    this.pause.textContent = this.isPaused ? 'Go on' : 'Pause';
    if (!this.isPaused) void this.look();
  }

  /** Reads what is new, if anybody looks. */
  async look() {
    if (this.element.hidden || this.isPaused) return;
    const isNew = await this.feed.read().catch(() => false);
    if (isNew || !this.list.childElementCount) this.show();
  }

  show() {
    const lines = this.feed.lines.filter((line) => this.isWanted(line));
    const rows = lines.map(row);
    refill(this.list, ...(rows.length ? rows : [h('p', { class: 'quiet' }, 'Nothing yet.')]));
  }

  /** @param {Line} line */
  isWanted(line) {
    if (this.hidden.has(line.kind)) return false;
    const text = `${line.label} ${line.full} ${line.who} ${line.outcome}`.toLowerCase();
    return text.includes(this.words);
  }
}

/** @param {Line} line */
function row(line) {
  const isMail = line.kind === 'mail';
  const label = isMail ? (MAIL_KINDS[line.label] ?? line.label) : line.label;
  return h(
    'div',
    { class: 'activity', 'data-kind': line.kind, 'data-bad': line.isBad, 'data-by-app': line.byApp },
    h('time', {}, line.time),
    h('span', { class: isMail ? `activity-label mail-kind ${line.label}` : 'activity-label' }, label),
    h('bdi', { class: 'activity-what', title: line.full.slice(0, 500) }, line.what.slice(0, 300)),
    h('span', { class: 'activity-who' }, line.who),
    h('span', { class: 'activity-outcome' }, line.outcome),
  );
}
