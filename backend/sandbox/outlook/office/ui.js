/** `Office.context.ui`: dialogs in a window of their own, and closing the pane. */

import { EventType } from './enums.js';
import { argumentError, officeError, settle } from './results.js';
import { ask } from './wire.js';

const DIALOG_NAME = 'office-dialog';
const CLOSED_POLL_MILLISECONDS = 300;

/** Whether this very window was opened by displayDialogAsync. */
export const isDialog = window.opener !== null && window.name === DIALOG_NAME;

/** @type {{ close: () => void } | null} */
let current = null;

/**
 * @param {string} address
 * @param {{ width?: number, height?: number }} options
 */
async function openDialog(address, options) {
  const target = new URL(address);
  if (target.origin !== window.location.origin) throw { code: 12004 };
  if (current) throw { code: 12007 };
  const width = Math.round((screen.availWidth * (options.width ?? 80)) / 100);
  const height = Math.round((screen.availHeight * (options.height ?? 80)) / 100);
  const opened = window.open(target, DIALOG_NAME, `popup,width=${width},height=${height}`);
  if (!opened) throw { code: 12009 };
  current = dialogAround(opened);
  return current;
}

/** @param {Window} opened */
function dialogAround(opened) {
  /** @type {Map<string, (args: any) => void>} */
  const handlers = new Map();
  const heard = (/** @type {MessageEvent} */ event) => {
    if (event.source !== opened || event.data?.kind !== 'office:dialog-message') return;
    const { message } = event.data;
    handlers.get(EventType.DialogMessageReceived)?.({ message, origin: event.origin });
  };
  window.addEventListener('message', heard);
  const forget = () => {
    clearInterval(poll);
    window.removeEventListener('message', heard);
    current = null;
  };
  const poll = setInterval(() => {
    if (!opened.closed) return;
    forget();
    handlers.get(EventType.DialogEventReceived)?.({ error: 12006, type: 'dialogEventReceived' });
  }, CLOSED_POLL_MILLISECONDS);
  return {
    close: () => {
      forget();
      opened.close();
    },
    addEventHandler: (/** @type {any} */ type, /** @type {(args: any) => void} */ handler) => {
      handlers.set(type, handler);
    },
    messageChild: (/** @type {string} */ message) => {
      opened.postMessage({ kind: 'office:parent-message', message }, window.location.origin);
    },
    sendMessage: () => {
      throw officeError({ code: 5000 });
    },
  };
}

/** @satisfies {Partial<Office.UI>} */
export const ui = {
  closeContainer: () => void ask('closeContainer'),
  openBrowserWindow: (/** @type {string} */ address) => void window.open(address, '_blank'),
  displayDialogAsync: (/** @type {any} */ address, /** @type {any[]} */ ...rest) => {
    if (typeof address !== 'string') {
      throw argumentError('Sys.ArgumentTypeException', 'startAddress');
    }
    const callback = rest.find((one) => typeof one === 'function');
    const options = rest.find((one) => one && typeof one === 'object') ?? {};
    settle(openDialog(address, options), callback, options.asyncContext);
  },
  messageParent: (/** @type {string} */ message) => {
    window.opener?.postMessage({ kind: 'office:dialog-message', message }, window.location.origin);
  },
};
