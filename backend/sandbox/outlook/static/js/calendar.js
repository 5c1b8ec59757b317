/** The calendar on the screen: reads the days, shows them, and takes what is dragged in them. */

import { writeAddress } from './address.js';
import * as api from './api.js';
import { manageCategories } from './categories_dialog.js';
import { ZONE, addDays, momentOf } from './dates.js';
import { byId, h, icon, refill } from './dom.js';
import { Dragging } from './drag.js';
import { showList } from './list.js';
import { monthPicker } from './month.js';
import { moveEvent } from './moving.js';
import { page } from './page.js';
import { choosePerson } from './people.js';
import { attempt } from './popup.js';
import { withoutDetails } from './sharing.js';
import { calendarList, showToolbar } from './toolbar.js';
import { showWeek } from './week.js';

/**
 * @typedef {object} Opener
 * @property {(id: string) => void} open
 * @property {(wall: string) => void} create
 */

export class Calendar {
  /** @param {Opener} opener */
  constructor(opener) {
    this.opener = opener;
    this.picker = monthPicker((day) => void this.go({ day }));
    this.dragging = new Dragging(byId('view'), {
      eventOf: (id) => page.events.find((one) => one.id === id && page.isMovable(one)),
      days: () => Array.from({ length: page.days }, (_, place) => addDays(page.firstDay, place)),
      move: (event, start, end) => moveEvent(event, start, end, this),
    });
  }

  /** @param {Partial<Pick<typeof page, 'day' | 'view' | 'owner'>>} where */
  async go(where) {
    Object.assign(page, where);
    writeAddress({
      date: page.day === page.today ? '' : page.day,
      view: page.view === 'week' ? '' : page.view,
      calendar: page.owner.address === page.person.address ? '' : page.owner.address,
    });
    byId('shell').classList.remove('rail-open');
    await this.load();
  }

  /** @param {number} screens forward or back */
  step(screens) {
    return this.go({ day: page.dayAfter(screens) });
  }

  /** Reads the days on the screen and shows them; not under a finger that drags. */
  async load() {
    if (!page.person.mailbox) return this.showNoMailbox();
    const { firstDay, days } = page;
    const { address } = page.owner;
    const start = momentOf(`${addDays(firstDay, -1)}T00:00`);
    const end = momentOf(`${addDays(firstDay, days + 1)}T00:00`);
    await attempt(async () => {
      const [events, master] = await Promise.all([
        api.events(address, start, end, page.person.address),
        api.categories(address).catch(() => []),
      ]);
      if (address !== page.owner.address) return;
      page.events = events.map((event) => (page.isHidden(event) ? withoutDetails(event) : event));
      page.master = master;
    });
    this.show();
    return undefined;
  }

  show() {
    if (this.dragging.isActive) return;
    const scene = {
      first: page.firstDay,
      days: page.days,
      events: page.events,
      master: page.master,
      now: page.now(),
      open: (/** @type {any} */ event) => this.opener.open(event.id),
      create: this.opener.create,
      isMovable: (/** @type {any} */ event) => page.isMovable(event),
    };
    const focused = document.activeElement?.id;
    this.showBars();
    if (page.view === 'list') showList(scene, byId('view'));
    else showWeek(scene, byId('view'));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  showBars() {
    const { firstDay: first, days, view } = page;
    showToolbar(byId('toolbar'), { view, first, days }, {
      create: () => this.opener.create(page.nextStart),
      today: () => void this.go({ day: page.today }),
      step: (steps) => void this.step(steps),
      view: (name) => void this.go({ view: name }),
      toggleRail: () => void byId('shell').classList.toggle('rail-open'),
    });
    this.picker.mark(first, days, page.today);
    const choose = (/** @type {{ address: string }} */ owner) =>
      void this.go({ owner: page.personAt(owner.address) });
    refill(
      byId('rail'),
      this.picker.element,
      calendarList(page.calendars, page.owner.address, choose, () => this.chooseShared()),
      page.isEditor &&
        h(
          'button',
          {
            type: 'button',
            class: 'calendar-row open-shared',
            id: 'manage-categories',
            onClick: () => manageCategories(page.owner, page.person, () => void this.load()),
          },
          icon('tag'),
          h('span', {}, 'Manage categories…'),
        ),
      h('p', { class: 'rail-note' }, `Times in ${ZONE.replaceAll('_', ' ')}`),
    );
  }

  chooseShared() {
    choosePerson('Open shared calendar of…', page.sharers, (owner) => {
      page.keepShared(owner);
      void this.go({ owner });
    });
  }

  showNoMailbox() {
    refill(byId('toolbar'));
    refill(byId('rail'));
    refill(byId('view'), h('p', { class: 'quiet no-mailbox' }, `${page.person.name} has no mailbox.`));
  }
}
