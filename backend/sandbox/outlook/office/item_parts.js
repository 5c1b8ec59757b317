/** What the reading and the composing appointment share. */

/** @import { RecurrenceFacts } from '../protocol.js' */

import { method } from './results.js';
import { ask } from './wire.js';

const isText = (/** @type {unknown} */ value) => typeof value === 'string';
const isNameList = (/** @type {unknown} */ value) =>
  Array.isArray(value) && value.length > 0 && value.every(isText);

/** @returns {Office.Categories} */
export function itemCategories() {
  return {
    getAsync: method('item.categories.getAsync', 'ReadItem', () => ask('categories.get')),
    addAsync: method(
      'item.categories.addAsync',
      'ReadWriteItem',
      (names) => ask('categories.add', names),
      { takes: [['categories', isNameList]], callbackOptional: true },
    ),
    removeAsync: method(
      'item.categories.removeAsync',
      'ReadWriteItem',
      (names) => ask('categories.remove', names),
      { takes: [['categories', isNameList]], callbackOptional: true },
    ),
  };
}

/** @returns {Office.NotificationMessages} */
export function notificationMessages() {
  const isKey = (/** @type {any} */ key) => isText(key) && key.length >= 1 && key.length <= 32;
  /** @type {[string, (value: any) => boolean][]} */
  const keyAndMessage = [
    ['key', isKey],
    ['JSONmessage', isNotification],
  ];
  return {
    addAsync: method(
      'item.notificationMessages.addAsync',
      'ReadItem',
      (key, message) => ask('notifications.add', key, message),
      { takes: keyAndMessage, callbackOptional: true },
    ),
    replaceAsync: method(
      'item.notificationMessages.replaceAsync',
      'ReadItem',
      (key, message) => ask('notifications.replace', key, message),
      { takes: keyAndMessage, callbackOptional: true },
    ),
    removeAsync: method(
      'item.notificationMessages.removeAsync',
      'ReadItem',
      (key) => ask('notifications.remove', key),
      { takes: [['key', isKey]], callbackOptional: true },
    ),
    getAllAsync: method('item.notificationMessages.getAllAsync', 'ReadItem', () =>
      ask('notifications.all'),
    ),
  };
}

/** @param {any} details */
function isNotification(details) {
  if (!details || !isText(details.message) || details.message.length > 150) return false;
  if (details.type === 'informationalMessage') {
    return isText(details.icon) && typeof details.persistent === 'boolean';
  }
  const isBare = details.icon === undefined && details.persistent === undefined;
  return isBare && ['progressIndicator', 'errorMessage'].includes(details.type);
}

/**
 * Recurrence as Office.js gives it; null for a single appointment.
 * @param {RecurrenceFacts | null} facts
 * @returns {Office.Recurrence | null}
 */
export function recurrence(facts) {
  if (!facts) return null;
  const unchangeable = () => {
    throw new Error('This sandbox does not change recurrences through Office.js.');
  };
  return {
    recurrenceType: facts.recurrenceType,
    recurrenceProperties: facts.recurrenceProperties,
    recurrenceTimeZone: facts.recurrenceTimeZone,
    seriesTime: {
      getDuration: () => facts.duration,
      getStartDate: () => facts.startDate,
      getEndDate: () => facts.endDate ?? '',
      getStartTime: () => facts.startTime,
      getEndTime: () => endTime(facts),
      setDuration: unchangeable,
      setEndDate: unchangeable,
      setStartDate: unchangeable,
      setStartTime: unchangeable,
    },
    getAsync: method('item.recurrence.getAsync', 'ReadItem', async () => recurrence(facts)),
    setAsync: unchangeable,
  };
}

/** @param {RecurrenceFacts} facts */
function endTime(facts) {
  const [hours, minutes] = facts.startTime.slice(1).split(':').map(Number);
  const total = (hours * 60 + minutes + facts.duration) % 1440;
  const two = (/** @type {number} */ part) => String(part).padStart(2, '0');
  return `T${two(Math.floor(total / 60))}:${two(total % 60)}:00.000`;
}

/** The members that exist only on an item of somebody else's calendar. */
export function sharedMembers() {
  return {
    getSharedPropertiesAsync: method('item.getSharedPropertiesAsync', 'ReadItem', () =>
      ask('shared'),
    ),
  };
}
