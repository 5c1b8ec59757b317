/** What this browser remembers between visits, as JSON under a name. */

/**
 * @param {string} name
 * @returns {Record<string, any>} empty when there is nothing, or nothing readable
 */
export function remembered(name) {
  try {
    return JSON.parse(window.localStorage.getItem(name) ?? '{}');
  } catch {
    return {};
  }
}

/**
 * @param {string} name
 * @param {object} value
 */
export function remember(name, value) {
  window.localStorage.setItem(name, JSON.stringify(value));
}
