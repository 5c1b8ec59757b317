/** Tokens: Office's own single sign-on, and the bridge that MSAL.js uses for nested app auth. */

import { ask } from './wire.js';

let isRunning = false;

/**
 * @param {Office.AuthOptions} [options]
 * @returns {Promise<string>} rejects with {code: 13xxx, name, message}
 */
export async function getAccessToken(options = {}) {
  if (isRunning) throw signInError({ code: 13008, message: 'The previous call is still running.' });
  isRunning = true;
  try {
    return await ask('token', options);
  } catch (problem) {
    throw signInError(/** @type {{ code: number, message: string }} */ (problem));
  } finally {
    isRunning = false;
  }
}

/** @param {{ code: number, message: string }} problem */
function signInError(problem) {
  return Object.assign(new Error(problem.message), { code: problem.code, name: 'OfficeSsoError' });
}

/** @returns {object} `window.nestedAppAuthBridge`, as MSAL.js expects it */
function bridge() {
  /** @type {Set<(message: string) => void>} */
  const listeners = new Set();
  return {
    addEventListener: (/** @type {string} */ _type, /** @type {any} */ heard) => listeners.add(heard),
    removeEventListener: (/** @type {string} */ _type, /** @type {any} */ heard) =>
      listeners.delete(heard),
    postMessage: async (/** @type {string} */ text) => {
      const answer = await ask('naa', JSON.parse(text), window.location.origin);
      for (const heard of listeners) heard(JSON.stringify(answer));
    },
  };
}

/**
 * MSAL.js first awaits `__initializeNestedAppAuth`, so the bridge may come when the page answered.
 * @param {Promise<{ naa: boolean } | null>} greeting
 */
export function offerNestedAppAuth(greeting) {
  if (window.parent === window) return;
  const offered = greeting.then((welcome) => {
    if (welcome?.naa) Object.assign(window, { nestedAppAuthBridge: bridge() });
  });
  Object.assign(window, { __initializeNestedAppAuth: () => offered });
}
