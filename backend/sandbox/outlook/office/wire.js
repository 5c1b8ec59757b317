/** The shim's line to the Outlook-like page: one greeting by postMessage, then a private port. */

/** @import { FromHost, Problem, Question, Welcome } from '../protocol.js' */

const OUTSIDE_MILLISECONDS = 40;
const NO_ANSWER_MILLISECONDS = 4000;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Where this script came from: the page that hosts us must be of the same origin. */
const home = new URL(/** @type {HTMLScriptElement} */ (document.currentScript).src);

/** @type {MessagePort | null} */
let port = null;
let asked = 0;
/** @type {Map<number, { resolve: (value: any) => void, reject: (problem: Problem) => void }>} */
const waiting = new Map();
/** @type {((event: string, payload: any) => void)[]} */
const listeners = [];

/** @param {string} origin */
function isHost(origin) {
  if (origin === home.origin) return true;
  const other = new URL(origin);
  return other.port === home.port && LOOPBACK.has(other.hostname) && LOOPBACK.has(home.hostname);
}

/**
 * Greets the page around us.
 * @returns {Promise<Welcome | null>} null where there is none, as in a plain browser tab
 */
export function greet() {
  return new Promise((resolve) => {
    if (window.parent === window) {
      setTimeout(resolve, OUTSIDE_MILLISECONDS, null);
      return;
    }
    const tired = setTimeout(resolve, NO_ANSWER_MILLISECONDS, null);
    window.addEventListener('message', (event) => {
      if (event.source !== window.parent || event.data?.kind !== 'office:welcome') return;
      if (port || !isHost(event.origin)) return;
      clearTimeout(tired);
      port = event.ports[0];
      port.onmessage = ({ data }) => hear(data);
      resolve(event.data);
    });
    window.parent.postMessage({ kind: 'office:hello' }, '*');
  });
}

/** @param {FromHost} message */
function hear(message) {
  if ('event' in message) {
    for (const listener of listeners) listener(message.event, message.payload);
    return;
  }
  const question = waiting.get(message.id);
  waiting.delete(message.id);
  if ('error' in message) question?.reject(message.error);
  else question?.resolve(message.value);
}

/**
 * Asks the page for something; rejects with a Problem.
 * @param {string} act
 * @param {...unknown} args
 * @returns {Promise<any>}
 */
export function ask(act, ...args) {
  return new Promise((resolve, reject) => {
    if (!port) {
      reject({ code: 5001, message: 'There is no Outlook around this page.' });
      return;
    }
    asked += 1;
    waiting.set(asked, { resolve, reject });
    /** @type {Question} */
    const question = { id: asked, act, args };
    port.postMessage(question);
  });
}

/** @param {(event: string, payload: any) => void} listener told of everything the page announces */
export function listen(listener) {
  listeners.push(listener);
}
