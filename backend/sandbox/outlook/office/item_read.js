/** `mailbox.item` of the reading form (Office.AppointmentRead): values as they were on opening. */

/** @import { OpenItem } from '../protocol.js' */

import { itemCategories, notificationMessages, recurrence, sharedMembers } from './item_parts.js';
import { demand, method, withHidden } from './results.js';
import { ask } from './wire.js';

/**
 * @param {OpenItem} open
 * @param {boolean} knowsSensitivity
 * @param {{ addHandlerAsync: any, removeHandlerAsync: any }} register
 */
export function appointmentRead(open, knowsSensitivity, register) {
  const { facts } = open;
  const may = (/** @type {string} */ name) => demand('ReadItem', `item.${name}`);
  /** @satisfies {Partial<Office.AppointmentRead>} */
  const members = {
    get itemType() {
      return 'appointment';
    },
    get itemId() {
      may('itemId');
      return /** @type {string} */ (open.itemId);
    },
    get itemClass() {
      may('itemClass');
      return facts.itemClass;
    },
    get subject() {
      may('subject');
      return facts.subject;
    },
    get normalizedSubject() {
      may('normalizedSubject');
      return facts.subject.replace(/^(RE|FW|FWD):\s*/i, '');
    },
    get start() {
      may('start');
      return new Date(facts.start);
    },
    get end() {
      may('end');
      return new Date(facts.end);
    },
    get location() {
      may('location');
      return facts.location;
    },
    get organizer() {
      may('organizer');
      return facts.organizer;
    },
    get requiredAttendees() {
      may('requiredAttendees');
      return facts.requiredAttendees;
    },
    get optionalAttendees() {
      may('optionalAttendees');
      return facts.optionalAttendees;
    },
    get recurrence() {
      may('recurrence');
      return /** @type {Office.Recurrence} */ (recurrence(facts.recurrence));
    },
    get seriesId() {
      may('seriesId');
      return /** @type {string} */ (facts.seriesId);
    },
    get dateTimeCreated() {
      may('dateTimeCreated');
      return new Date(facts.created);
    },
    get dateTimeModified() {
      may('dateTimeModified');
      return new Date(facts.modified);
    },
    categories: itemCategories(),
    notificationMessages: notificationMessages(),
    body: /** @type {Office.Body} */ ({
      getAsync: method('item.body.getAsync', 'ReadItem', async () => facts.body, {
        takes: [['coercionType', (value) => value === 'text' || value === 'html']],
      }),
    }),
    enhancedLocation: /** @type {Office.EnhancedLocation} */ ({
      getAsync: method('item.enhancedLocation.getAsync', 'ReadItem', () => ask('get', 'places')),
    }),
  };
  const item = { ...register };
  withHidden(item, members);
  if (knowsSensitivity) {
    withHidden(item, {
      get sensitivity() {
        may('sensitivity');
        return facts.sensitivity;
      },
    });
  }
  if (open.isShared) withHidden(item, sharedMembers());
  return item;
}
