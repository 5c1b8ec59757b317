/** Choosing a person: a searchable list of everybody, by firm. */

import { avatar } from './avatar.js';
import { h, refill } from './dom.js';
import { openDialog } from './popup.js';

/**
 * @typedef {object} Somebody
 * @property {string} id
 * @property {string} name
 * @property {string} address
 * @property {string} firm
 * @property {string} tenantId
 * @property {boolean} mailbox
 * @property {string} note job
 *
 * @typedef {Pick<Somebody, 'name' | 'address' | 'firm' | 'note' | 'tenantId'>} Invited
 */

/**
 * Everybody of all tenants as `/_sandbox/state` lists them.
 * @param {any} state
 * @returns {Somebody[]}
 */
export function everybody(state) {
  return state.tenants.flatMap((/** @type {any} */ tenant) =>
    tenant.people.map((/** @type {any} */ person) => ({
      ...person,
      address: person.address || person.upn,
      tenantId: tenant.tenant_id,
      firm: tenant.name,
      note: person.job_title ?? '',
    })),
  );
}

/**
 * Whom an invitation may go to besides people.
 * @param {any} state
 * @param {'rooms' | 'groups'} kind
 * @returns {Invited[]}
 */
export function others(state, kind) {
  return state.tenants.flatMap((/** @type {any} */ tenant) =>
    tenant[kind].map((/** @type {any} */ one) => ({
      ...one,
      firm: tenant.name,
      note: kind === 'rooms' ? 'Room' : 'Group',
      tenantId: tenant.tenant_id,
    })),
  );
}

/**
 * @typedef {{ owner: string, delegate: string, write: boolean, see_private: boolean }} Delegation
 *
 * @param {any} state
 * @returns {Delegation[]}
 */
export function delegations(state) {
  return state.tenants.flatMap((/** @type {any} */ tenant) => tenant.delegates);
}

/**
 * @template {Invited} T
 * @param {T[]} people
 * @param {string} words
 */
export function found(people, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = people.filter((person) => {
    const [local, domain = ''] = person.address.toLowerCase().split('@');
    const text = `${person.name} ${person.note} ${person.firm} ${local}`.toLowerCase();
    const isIn = (/** @type {string} */ word) =>
      text.includes(word) || (word.includes('@') && `${local}@${domain}`.includes(word));
    return wanted.every(isIn);
  });
  const startsSo = (/** @type {T} */ person) =>
    ` ${person.name}`.toLowerCase().includes(` ${wanted[0] ?? ''}`);
  return [...matching.filter(startsSo), ...matching.filter((person) => !startsSo(person))];
}

/**
 * @param {string} title
 * @param {Somebody[]} people
 * @param {(person: Somebody) => void} choose
 */
export function choosePerson(title, people, choose) {
  const list = h('div', { class: 'people-list' });
  const search = h('input', {
    type: 'search',
    placeholder: 'Search by name, address or job',
    'aria-label': 'Search people',
    autofocus: true,
  });
  const dialog = openDialog(title, 'people', h('div', { class: 'people-search' }, search), list);
  const show = () => refill(list, ...firms(found(people, search.value), pick));
  const pick = (/** @type {Somebody} */ person) => {
    dialog.close();
    choose(person);
  };
  search.addEventListener('input', show);
  dialog.addEventListener('keydown', (event) => walk(event, dialog));
  show();
}

/**
 * @param {Somebody[]} people
 * @param {(person: Somebody) => void} pick
 */
function firms(people, pick) {
  const groups = Map.groupBy(people, (person) => person.firm);
  if (!people.length) return [h('p', { class: 'quiet' }, 'Nobody found.')];
  return [...groups].map(([firm, members]) =>
    h(
      'section',
      {},
      h('h3', {}, firm),
      ...members.map((/** @type {Somebody} */ person) =>
        h(
          'button',
          { type: 'button', class: 'person-row', onClick: () => pick(person) },
          avatar(person.name),
          h('span', { class: 'person-text' }, h('b', {}, person.name), h('span', {}, person.address)),
          person.note && h('span', { class: 'person-note' }, person.note),
        ),
      ),
    ),
  );
}

/**
 * Arrow keys walk through search box and rows; Enter in the box takes the first row.
 * @param {KeyboardEvent} event
 * @param {HTMLElement} dialog
 */
function walk(event, dialog) {
  const rows = /** @type {HTMLElement[]} */ ([
    ...dialog.querySelectorAll('input[type=search], .person-row'),
  ]);
  const place = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    rows[place + (event.key === 'ArrowDown' ? 1 : -1)]?.focus();
  } else if (event.key === 'Enter' && place === 0) {
    event.preventDefault();
    rows[1]?.click();
  }
}
