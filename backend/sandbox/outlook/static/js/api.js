/** The control plane of the sandbox: whatever a person does in this page goes through here. */

export class ControlError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * @param {string} method
 * @param {string} path below /_sandbox
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
async function call(method, path, body) {
  const answer = await fetch(`/_sandbox${path}`, {
    method,
    headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new ControlError(answer.status, reasonIn(text) ?? answer.statusText);
  return text ? JSON.parse(text) : null;
}

/** @param {string} text */
function reasonIn(text) {
  try {
    return JSON.parse(text).reason ?? null;
  } catch {
    return text.slice(0, 200) || null;
  }
}

const part = encodeURIComponent;
const mailbox = (/** @type {string} */ address) => `/mailboxes/${part(address)}`;
const event = (/** @type {string} */ address, /** @type {string} */ id) =>
  `${mailbox(address)}/events/${part(id)}`;
const items = (/** @type {any} */ answer) => answer.items;

export const state = () => call('GET', '/state');
export const settings = () => call('GET', '/settings');
export const clock = () => call('GET', '/clock');
/** @param {number} since */
export const changes = (since) => call('GET', `/changes?since=${since}`);
export const mail = async () => items(await call('GET', '/mail'));
/** @param {object} wish */
export const token = (wish) => call('POST', '/tokens', wish);

/**
 * @param {string} address
 * @param {Date} start
 * @param {Date} end
 * @returns {Promise<any[]>}
 */
export async function events(address, start, end) {
  const range = `start=${part(start.toISOString())}&end=${part(end.toISOString())}`;
  return items(await call('GET', `${mailbox(address)}/events?${range}`));
}

/** @type {(address: string, id: string) => Promise<any>} */
export const oneEvent = (address, id) => call('GET', event(address, id));
/** @type {(address: string) => Promise<{displayName: string, color: string}[]>} */
export const categories = async (address) => items(await call('GET', `${mailbox(address)}/categories`));
/** @type {(address: string, id: string) => Promise<any[]>} */
export const copies = async (address, id) => items(await call('GET', `${event(address, id)}/copies`));
/** @type {(address: string, body: object, isDraft: boolean) => Promise<any>} */
export const create = (address, body, isDraft) =>
  call('POST', `${mailbox(address)}/events${isDraft ? '?draft=1' : ''}`, body);
/** @type {(address: string, id: string, patch: object) => Promise<any>} */
export const change = (address, id, patch) => call('PATCH', event(address, id), patch);
/** @type {(address: string, id: string) => Promise<any>} */
export const remove = (address, id) => call('DELETE', event(address, id));
/** @type {(address: string, id: string, name: 'cancel' | 'respond' | 'send', body: object) => Promise<any>} */
export const act = (address, id, name, body) => call('POST', `${event(address, id)}/${name}`, body);
