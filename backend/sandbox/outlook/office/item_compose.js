/** `mailbox.item` of the composing form (Office.AppointmentCompose): everything is asked for. */

/** @import { OpenItem } from '../protocol.js' */

import { itemCategories, notificationMessages, recurrence, sharedMembers } from './item_parts.js';
import { demand, method, withHidden } from './results.js';
import { ask } from './wire.js';

const isText = (/** @type {unknown} */ value) => typeof value === 'string';

/**
 * @param {OpenItem} open
 * @param {boolean} knowsSensitivity
 * @param {{ addHandlerAsync: any, removeHandlerAsync: any }} register
 */
export function appointmentCompose(open, knowsSensitivity, register) {
  /** @satisfies {Partial<Office.AppointmentCompose>} */
  const members = {
    get itemType() {
      return 'appointment';
    },
    get seriesId() {
      demand('ReadItem', 'item.seriesId');
      return /** @type {string} */ (open.facts.seriesId);
    },
    getItemIdAsync: method('item.getItemIdAsync', 'ReadItem', () => ask('itemId')),
    saveAsync: method('item.saveAsync', 'ReadWriteItem', () => ask('save')),
    close: () => {
      demand('Restricted', 'item.close');
      void ask('closeForm');
    },
    subject: /** @type {Office.Subject} */ ({
      ...reader('subject'),
      setAsync: method('item.subject.setAsync', 'ReadWriteItem', (text) => ask('subject.set', text), {
        takes: [['subject', (text) => isText(text) && text.length <= 255]],
        callbackOptional: true,
      }),
    }),
    location: /** @type {Office.Location} */ (reader('location')),
    start: /** @type {Office.Time} */ (reader('start', (value) => new Date(value))),
    end: /** @type {Office.Time} */ (reader('end', (value) => new Date(value))),
    organizer: /** @type {Office.Organizer} */ (
      reader('organizer', ({ displayName, emailAddress }) => ({ displayName, emailAddress }))
    ),
    requiredAttendees: /** @type {Office.Recipients} */ (reader('requiredAttendees')),
    optionalAttendees: /** @type {Office.Recipients} */ (reader('optionalAttendees')),
    recurrence: /** @type {Office.Recurrence} */ (reader('recurrence', recurrence)),
    body: /** @type {Office.Body} */ ({
      getAsync: method('item.body.getAsync', 'ReadItem', () => ask('get', 'body'), {
        takes: [['coercionType', (value) => value === 'text' || value === 'html']],
      }),
    }),
    enhancedLocation: /** @type {Office.EnhancedLocation} */ ({
      getAsync: method('item.enhancedLocation.getAsync', 'ReadItem', () => ask('get', 'places')),
    }),
    categories: itemCategories(),
    notificationMessages: notificationMessages(),
  };
  const item = { ...register };
  withHidden(item, members);
  if (knowsSensitivity) withHidden(item, { sensitivity: reader('sensitivity') });
  if (open.isShared) withHidden(item, sharedMembers());
  return item;
}

/**
 * @param {string} name
 * @param {(value: any) => any} [shape]
 */
function reader(name, shape = (value) => value) {
  return {
    getAsync: method(`item.${name}.getAsync`, 'ReadItem', async () => shape(await ask('get', name))),
  };
}
