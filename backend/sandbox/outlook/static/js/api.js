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

/** Who acts, where it is not the owner: a delegate in a shared calendar. */
const by = (/** @type {string} */ address, /** @type {string | undefined} */ acting) =>
  acting && acting !== address ? `?as=${part(acting)}` : '';

/**
 * Private events come without their details if the person may not see them.
 * @param {string} address
 * @param {Date} start
 * @param {Date} end
 * @param {string} acting
 * @returns {Promise<any[]>}
 */
export async function events(address, start, end, acting) {
  const range = `start=${part(start.toISOString())}&end=${part(end.toISOString())}`;
  const who = by(address, acting).replace('?', '&');
  return items(await call('GET', `${mailbox(address)}/events?${range}${who}`));
}

/** @type {(address: string, id: string, acting: string) => Promise<any>} */
export const oneEvent = (address, id, acting) => call('GET', event(address, id) + by(address, acting));
/** @type {(address: string) => Promise<{displayName: string, color: string}[]>} */
export const categories = async (address) => items(await call('GET', `${mailbox(address)}/categories`));
/** @type {(address: string, id: string, acting: string) => Promise<any[]>} */
export const copies = async (address, id, acting) =>
  items(await call('GET', `${event(address, id)}/copies${by(address, acting)}`));

/** @type {(address: string, body: object, isDraft: boolean, acting?: string) => Promise<any>} */
export const create = (address, body, isDraft, acting) => {
  const query = [by(address, acting).slice(1), isDraft ? 'draft=1' : ''].filter(Boolean).join('&');
  return call('POST', `${mailbox(address)}/events${query ? `?${query}` : ''}`, body);
};
/** @type {(address: string, id: string, patch: object, acting?: string) => Promise<any>} */
export const change = (address, id, patch, acting) =>
  call('PATCH', event(address, id) + by(address, acting), patch);
/** @type {(address: string, id: string, acting?: string) => Promise<any>} */
export const remove = (address, id, acting) => call('DELETE', event(address, id) + by(address, acting));
/** @type {(address: string, id: string, name: 'cancel' | 'respond' | 'send', body: object, acting?: string) => Promise<any>} */
export const act = (address, id, name, body, acting) =>
  call('POST', `${event(address, id)}/${name}${by(address, acting)}`, body);

/** @param {number} since */
export const requests = (since) => call('GET', `/requests?since=${since}`);
export const deliveries = async () => (await call('GET', '/subscriptions')).deliveries ?? [];

/** Master categories, which a person changes in his own settings: through Graph, as Outlook. */
export class MasterCategories {
  /**
   * @param {string} owner address
   * @param {string} person address of whoever acts
   */
  constructor(owner, person) {
    this.owner = owner;
    this.person = person;
  }

  /** @type {(name: string, color: string) => Promise<any>} */
  create = (displayName, color) => this.call('POST', '', { displayName, color });
  /** @type {(id: string, color: string) => Promise<any>} */
  recolour = (id, color) => this.call('PATCH', `/${part(id)}`, { color });
  /** @type {(id: string) => Promise<any>} */
  remove = (id) => this.call('DELETE', `/${part(id)}`);

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  async call(method, path, body) {
    const scopes = ['MailboxSettings.ReadWrite'];
    const { access_token: bearer } = await token({
      user: this.person,
      audience: 'graph',
      client: 'office',
      scopes,
    });
    const answer = await fetch(`/v1.0/users/${part(this.owner)}/outlook/masterCategories${path}`, {
      method,
      headers: { 'Authorization': `Bearer ${bearer}`, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    if (answer.ok) return;
    const { error } = await answer.json().catch(() => ({ error: null }));
    throw new ControlError(answer.status, error?.message ?? answer.statusText);
  }
}
