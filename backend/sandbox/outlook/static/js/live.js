/** Asks the control plane again and again what changed, and tells whom it concerns. */

import * as api from './api.js';

const POLL_MILLISECONDS = 1500;

/**
 * @typedef {object} News
 * @property {number} next
 * @property {number} mail how many mails went out so far
 * @property {number} generation grows with each reset
 * @property {string[]} mailboxes
 *
 * @typedef {object} Concerned
 * @property {(mailboxes: string[] | null) => Promise<unknown>} changed null: all of them
 * @property {() => Promise<unknown>} looked at every look, changed or not
 * @property {() => void} lost
 */

/** @param {Concerned} concerned */
export async function follow({ changed, looked, lost }) {
  /** @type {News} */
  let known = await api.changes(0);
  const look = async () => {
    try {
      const news = await api.changes(known.next);
      const isNew = news.generation !== known.generation;
      if (isNew || news.next !== known.next) await changed(isNew ? null : news.mailboxes);
      known = news;
      await looked();
    } catch {
      lost();
    }
    window.setTimeout(look, POLL_MILLISECONDS);
  };
  window.setTimeout(look, POLL_MILLISECONDS);
}
