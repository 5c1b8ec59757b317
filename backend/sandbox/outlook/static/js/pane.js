/** The side panel "InterAction" with our task pane in a sandboxed frame. */

import { h, icon } from './dom.js';
import { OfficeHost } from './host.js';

const NARROWEST = 280;
const WIDEST = 640;
const STEP = 20;

/** @typedef {import('./host.js').Shell} Shell */

/** The panel of one open form. */
export class SidePanel {
  width = NARROWEST;

  /**
   * @param {string | null} address of the task pane
   * @param {import('./form.js').EventForm} form
   * @param {Shell} shell
   */
  constructor(address, form, shell) {
    this.shell = shell;
    this.frame = h('iframe', {
      title: 'InterAction',
      sandbox: 'allow-scripts allow-same-origin allow-forms allow-popups',
    });
    this.dockButton = h(
      'button',
      { type: 'button', class: 'icon-button', id: 'dock-pane', onClick: () => shell.dock() },
      icon('columns'),
    );
    this.markDocked(false);
    this.element = h(
      'aside',
      { class: 'pane', id: 'pane', 'aria-label': 'InterAction' },
      this.grip(),
      h(
        'header',
        { class: 'pane-head' },
        icon('puzzle'),
        h('h2', {}, 'InterAction'),
        this.dockButton,
        h(
          'button',
          {
            type: 'button',
            class: 'icon-button',
            'aria-label': 'Close InterAction',
            onClick: () => shell.closePane(),
          },
          icon('close'),
        ),
      ),
      address ? this.frame : this.absent(),
    );
    this.host = address ? new OfficeHost(this.frame, new URL(address).origin, form, shell) : null;
    if (address) this.frame.src = address;
    this.setWidth(Number(shell.preferences.get('width')));
  }

  absent() {
    return h(
      'div',
      { class: 'pane-absent' },
      icon('puzzle'),
      h('p', {}, 'No task pane is configured.'),
      h('p', { class: 'quiet' }, 'Start the sandbox with --pane-url to see the add-in here.'),
    );
  }

  grip() {
    const grip = h('div', {
      class: 'grip',
      role: 'separator',
      tabindex: '0',
      'aria-label': 'Width of the InterAction panel',
      'aria-orientation': 'vertical',
      'aria-valuemin': NARROWEST,
      'aria-valuemax': WIDEST,
    });
    grip.addEventListener('pointerdown', (event) => {
      grip.setPointerCapture(event.pointerId);
      this.element.classList.add('is-resized');
    });
    grip.addEventListener('pointermove', (event) => {
      if (!grip.hasPointerCapture(event.pointerId)) return;
      this.setWidth(this.element.getBoundingClientRect().right - event.clientX);
    });
    grip.addEventListener('pointerup', () => {
      this.element.classList.remove('is-resized');
      this.shell.preferences.set('width', String(this.width));
    });
    grip.addEventListener('keydown', (event) => {
      const change = { ArrowLeft: STEP, ArrowRight: -STEP }[event.key];
      if (!change) return;
      this.setWidth(this.width + change);
      this.shell.preferences.set('width', String(this.width));
    });
    this.gripElement = grip;
    return grip;
  }

  /** @param {number} width in CSS pixels */
  setWidth(width) {
    this.width = Math.round(Math.min(WIDEST, Math.max(NARROWEST, width || 320)));
    this.element.style.setProperty('--pane-width', `${this.width}px`);
    document.documentElement.style.setProperty('--dock-width', `${this.width}px`);
    this.gripElement?.setAttribute('aria-valuenow', String(this.width));
  }

  /** @param {boolean} isDocked */
  markDocked(isDocked) {
    const label = isDocked ? 'Back to the event' : 'Keep beside the calendar';
    this.dockButton.setAttribute('aria-label', label);
    this.dockButton.title = label;
  }

  close() {
    this.host?.close();
    this.element.remove();
  }
}
