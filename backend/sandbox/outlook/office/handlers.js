/** addHandlerAsync and removeHandlerAsync, and the events the page announces. */

import { argumentError, settle } from './results.js';

/**
 * A register of handlers for the given event types.
 * @param {string[]} known
 */
export function handlerRegister(known) {
  /** @type {Map<string, Set<(payload: any) => void>>} */
  const handlers = new Map(known.map((type) => [type, new Set()]));

  /** @param {any} type */
  function of(type) {
    const found = handlers.get(type);
    if (!found) throw argumentError('Sys.ArgumentException', 'eventType');
    return found;
  }

  /**
   * @param {any[]} rest
   */
  function finish(rest) {
    const callback = rest.find((one) => typeof one === 'function');
    const options = rest.find((one) => one && typeof one === 'object');
    settle(Promise.resolve(), callback, options?.asyncContext);
  }

  return {
    /**
     * @param {any} type
     * @param {any} handler
     * @param {...any} rest
     */
    addHandlerAsync(type, handler, ...rest) {
      const found = of(type);
      if (typeof handler !== 'function') {
        throw argumentError('Sys.ArgumentTypeException', 'handler');
      }
      found.add(handler);
      finish(rest);
    },
    /**
     * @param {any} type
     * @param {...any} rest
     */
    removeHandlerAsync(type, ...rest) {
      of(type).clear();
      finish(rest);
    },
    /**
     * @param {string} type
     * @param {any} payload
     */
    raise(type, payload) {
      for (const handler of handlers.get(type) ?? []) handler(payload);
    },
  };
}
