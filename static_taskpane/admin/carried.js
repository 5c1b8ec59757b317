// Settings that were tried in the simulator, on their way to the configuration, where they are saved.

/** @type {Record<string, any>} */
let carried = {};

/** @param {Record<string, any>} settings as the configuration names them */
export function carry(settings) {
  carried = settings;
}

/** What was carried over, once. @returns {Record<string, any>} */
export function takeCarried() {
  const taken = carried;
  carried = {};
  return taken;
}
