/**
 * The open event on the screen: form, what is behind it, and the side panel; one at a time. The panel
 * alone can stay beside the calendar, where the event is dragged while the add-in looks on.
 */

/** @import { EventForm } from './form.js' */
/** @import { Preferences } from './preferences.js' */
/** @import { Invited } from './people.js' */
/** @import { SignIn } from './tokens.js' */

import { behindTheForm } from './behind.js';
import { h, refill } from './dom.js';
import { formView } from './form_view.js';
import { SidePanel } from './pane.js';
import { say } from './popup.js';

const STACKED = '(max-width: 760px)';

/**
 * @typedef {object} Room what the desk needs of the page
 * @property {HTMLElement} element
 * @property {Preferences} preferences
 * @property {() => string | null} paneUrl
 * @property {() => SignIn} signIn
 * @property {() => Invited[]} people
 * @property {() => Invited[]} rooms
 * @property {(id: string) => void} openOther
 * @property {(owner: string, id: string) => void} openBeside
 * @property {() => void} closed
 * @property {(isCovered: boolean) => void} covers whether the calendar is out of reach
 * @property {(id: string) => void} saved the open form has an id now
 */

export class Desk {
  /** @param {Room} room */
  constructor(room) {
    this.room = room;
    /** @type {EventForm | null} */
    this.form = null;
    /** @type {SidePanel | null} */
    this.panel = null;
    /** @type {ReturnType<typeof behindTheForm> | null} */
    this.behind = null;
    this.isDocked = false;
  }

  /** @param {EventForm} form */
  show(form) {
    this.clear();
    this.isDocked &&= Boolean(form.id);
    const { room } = this;
    this.form = form;
    const around = {
      people: room.people(),
      rooms: room.rooms(),
      persona: () => room.preferences.persona,
      close: () => this.close(),
      togglePane: () => this.reachPane(),
      keepsCategories: () => room.preferences.keepsCategories,
      keepCategories: (/** @type {boolean} */ on) => room.preferences.set('keeps', on ? 'on' : 'off'),
      openOther: room.openOther,
      openBeside: room.openBeside,
    };
    const shown = formView(form, around);
    this.notices = shown.showNotices;
    this.behind = behindTheForm(form, around);
    this.sheet = h(
      'section',
      { class: 'sheet', 'aria-label': form.surface === 'compose' ? 'Edit event' : 'Event' },
      shown.commands,
      h('div', { class: 'sheet-scroll' }, shown.element, this.behind.element),
    );
    refill(room.element, this.sheet);
    room.element.hidden = false;
    room.element.dataset.surface = form.surface;
    form.onChange((names) => {
      if (names.includes('event') && form.id) room.saved(form.id);
    });
    if (this.isDocked || room.preferences.get('pane') === 'open') this.openPane();
    else this.markPane();
    if (this.isDocked) return;
    const first = this.sheet.querySelector(form.wasNew ? '.subject' : '.command');
    /** @type {HTMLElement | null} */ (first)?.focus();
  }

  openPane() {
    if (!this.form) return;
    const { room } = this;
    this.panel = new SidePanel(room.paneUrl(), this.form, {
      preferences: room.preferences,
      signIn: room.signIn(),
      showNotices: (notices) => this.notices?.(notices),
      closePane: () => (this.isDocked ? this.close() : this.togglePane()),
      closeForm: () => this.close(),
      dock: () => this.dock(!this.isDocked),
    });
    room.element.append(this.panel.element);
    this.markPane();
  }

  closePane() {
    this.panel?.close();
    this.panel = null;
    this.markPane();
  }

  /** Where form and pane stand below each other, the button leads to the open pane. */
  reachPane() {
    if (this.panel && matchMedia(STACKED).matches) this.panel.element.scrollIntoView();
    else this.togglePane();
  }

  togglePane() {
    const opens = !this.panel;
    this.room.preferences.set('pane', opens ? 'open' : 'closed');
    if (opens) this.openPane();
    else this.closePane();
  }

  /** The pane starts anew, as after a change of the client. */
  reopenPane() {
    if (!this.panel) return;
    this.closePane();
    this.openPane();
  }

  /**
   * Only shows and hides: a frame that is moved in the page would start anew.
   * @param {boolean} on the panel stays alone beside the calendar
   */
  dock(on) {
    if (on && (!this.form?.id || this.form.isDirty)) {
      say('Save the event first.', true);
      return;
    }
    this.isDocked = on;
    this.markPane();
  }

  markPane() {
    const { room } = this;
    room.element.classList.toggle('has-pane', this.panel !== null);
    room.element.classList.toggle('is-docked', this.isDocked);
    document.documentElement.classList.toggle('has-docked-pane', this.isDocked);
    room.covers(this.form !== null && !this.isDocked);
    this.panel?.markDocked(this.isDocked);
  }

  close() {
    this.leave();
    this.room.closed();
  }

  /** Nothing is open any more, beside the calendar neither. */
  leave() {
    this.isDocked = false;
    this.clear();
    this.markPane();
  }

  clear() {
    this.panel?.close();
    this.panel = null;
    this.form = null;
    this.behind = null;
    this.room.element.hidden = true;
    this.room.element.replaceChildren();
  }
}
