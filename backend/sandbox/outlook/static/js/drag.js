/**
 * Events moved and resized in the week by pointer, and by Alt with the arrow keys (Shift resizes).
 * It only shows what would be; whoever made it writes the new times.
 */

import { addDays, addMinutes, daysBetween, minutesOf } from './dates.js';
import { valuesOf } from './model.js';

const STEP = 15;
const DAY = 1440;
const SHORTEST = 15;
const STARTS_AFTER_PIXELS = 4;

/**
 * @typedef {object} Field
 * @property {(id: string) => any} eventOf the event, if it may be moved
 * @property {() => string[]} days on the screen
 * @property {(event: any, start: string, end: string) => unknown} move draws anew in any case
 *
 * @typedef {object} Grab
 * @property {any} event
 * @property {HTMLElement} button
 * @property {'move' | 'end'} kind
 * @property {number} x
 * @property {number} y
 * @property {{ start: string, end: string }} times
 * @property {boolean} begun
 * @property {boolean} isChip in the row above the hours, where only days count
 */

export class Dragging {
  /**
   * @param {HTMLElement} view
   * @param {Field} field
   */
  constructor(view, field) {
    this.view = view;
    this.field = field;
    /** @type {Grab | null} */
    this.grab = null;
    view.addEventListener('pointerdown', (event) => this.take(event));
    view.addEventListener('pointermove', (event) => this.drag(event));
    view.addEventListener('pointerup', (event) => this.drop(event));
    view.addEventListener('pointercancel', () => this.letGo());
    view.addEventListener('keydown', (event) => this.key(event));
    // The click that ends a drag must not open the event.
    view.addEventListener('click', (event) => this.swallow(event), { capture: true });
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.grab) this.letGo();
    });
  }

  get isActive() {
    return this.grab?.begun === true;
  }

  /** @param {Event} event */
  found(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    /** @type {HTMLElement | null} */
    const button = target.closest('.event[data-id]');
    const known = button && this.field.eventOf(button.dataset.id ?? '');
    return button && known ? { target, button, event: known } : null;
  }

  /** @param {PointerEvent} pointer */
  take(pointer) {
    this.ended = false;
    // On a touch screen a finger scrolls.
    if (pointer.button !== 0 || pointer.pointerType === 'touch') return;
    const found = this.found(pointer);
    if (!found) return;
    const { target, button, event } = found;
    const { start, end } = valuesOf(event);
    const kind = target.closest('.event-end') ? 'end' : 'move';
    const { clientX: x, clientY: y } = pointer;
    const isChip = button.closest('.all-day') !== null;
    this.grab = { event, button, kind, x, y, times: { start, end }, begun: false, isChip };
  }

  /** @param {PointerEvent} pointer */
  drag(pointer) {
    const { grab } = this;
    if (!grab) return;
    const far = Math.hypot(pointer.clientX - grab.x, pointer.clientY - grab.y);
    if (!grab.begun && far < STARTS_AFTER_PIXELS) return;
    if (!grab.begun) {
      grab.begun = true;
      this.view.setPointerCapture(pointer.pointerId);
      grab.button.classList.add('is-dragged');
      this.view.classList.add(grab.kind === 'end' ? 'is-resizing' : 'is-moving');
    }
    grab.times = this.timesAt(grab, pointer);
    this.preview(grab);
  }

  /**
   * @param {Grab} grab
   * @param {PointerEvent} pointer
   */
  timesAt(grab, pointer) {
    const values = valuesOf(grab.event);
    const grid = /** @type {HTMLElement} */ (this.view.querySelector('.hours-grid'));
    const pixels = pointer.clientY - grab.y;
    const minutes = grab.isChip ? 0 : stepped((pixels / grid.offsetHeight) * DAY);
    if (grab.kind === 'end') return resized(values, minutes);
    return moved(values, minutes, this.daysFrom(grab.x, pointer.clientX));
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  daysFrom(from, to) {
    const columns = [...this.view.querySelectorAll('.day-column')];
    const place = (/** @type {number} */ x) => {
      const past = columns.findIndex((column) => column.getBoundingClientRect().right > x);
      return past < 0 ? columns.length - 1 : past;
    };
    return place(to) - place(from);
  }

  /** @param {Grab} grab shown where it would land */
  preview({ button, event, times, isChip }) {
    if (isChip) {
      const before = valuesOf(event);
      const days = daysBetween(before.start.slice(0, 10), times.start.slice(0, 10));
      button.style.translate = `calc(${days} * (100% + 6px) / ${spanOf(button)}) 0`;
      return;
    }
    const day = times.start.slice(0, 10);
    const column = this.view.querySelector(`.day-column[data-day="${day}"]`);
    if (column && button.parentElement !== column) column.append(button);
    const length = Math.max(SHORTEST, lengthOf(times));
    button.style.top = `${(minutesOf(times.start) / DAY) * 100}%`;
    button.style.height = `calc(${(length / DAY) * 100}% - 2px)`;
    const more = button.querySelector('.event-more');
    if (more) more.textContent = `${times.start.slice(11)} – ${times.end.slice(11)}`;
  }

  /** @param {PointerEvent} pointer */
  drop(pointer) {
    const { grab } = this;
    this.grab = null;
    if (!grab?.begun) return;
    this.ended = true;
    this.view.releasePointerCapture(pointer.pointerId);
    this.view.classList.remove('is-moving', 'is-resizing');
    void this.field.move(grab.event, grab.times.start, grab.times.end);
  }

  letGo() {
    const { grab } = this;
    this.grab = null;
    this.view.classList.remove('is-moving', 'is-resizing');
    if (!grab?.begun) return;
    this.ended = true;
    const { start, end } = valuesOf(grab.event);
    void this.field.move(grab.event, start, end);
  }

  /** @param {MouseEvent} click */
  swallow(click) {
    if (!this.ended) return;
    this.ended = false;
    click.stopPropagation();
    click.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!event.altKey || event.ctrlKey || event.metaKey || !event.key.startsWith('Arrow')) return;
    const found = this.found(event);
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    const values = valuesOf(found.event);
    const minutes = { ArrowUp: -STEP, ArrowDown: STEP }[event.key] ?? 0;
    const days = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    if (minutes && found.button.closest('.all-day')) return;
    const times = event.shiftKey ? resized(values, minutes) : moved(values, minutes, days);
    void this.field.move(found.event, times.start, times.end);
  }
}

/** @param {number} minutes */
function stepped(minutes) {
  return Math.round(minutes / STEP) * STEP;
}

/** @param {{ start: string, end: string }} times */
function lengthOf({ start, end }) {
  return (Date.parse(`${end}:00Z`) - Date.parse(`${start}:00Z`)) / 60_000;
}

/**
 * Stays within its day: what begins today does not slip into yesterday by going up.
 * @param {{ start: string, end: string }} values
 * @param {number} minutes
 * @param {number} days
 */
function moved(values, minutes, days) {
  const from = minutesOf(values.start);
  const allowed = Math.min(Math.max(minutes, -from), DAY - STEP - from);
  const start = addMinutes(`${addDays(values.start.slice(0, 10), days)}${values.start.slice(10)}`, allowed);
  return { start, end: addMinutes(start, lengthOf(values)) };
}

/**
 * Never shorter than one step, never past its midnight.
 * @param {{ start: string, end: string }} values
 * @param {number} minutes
 */
function resized(values, minutes) {
  const longest = DAY - minutesOf(values.start);
  const length = Math.min(Math.max(lengthOf(values) + minutes, SHORTEST), longest);
  return { start: values.start, end: addMinutes(values.start, length) };
}

/** @param {HTMLElement} chip of the all-day row */
function spanOf(chip) {
  const [from, to] = chip.style.gridColumn.split('/').map(Number);
  return Math.max(1, to - from);
}
