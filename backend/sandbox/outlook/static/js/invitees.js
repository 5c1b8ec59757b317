/** The field for attendees: chips, and suggestions while typing. */

/** @import { Invitee } from './model.js' */
/** @import { Invited } from './people.js' */

import { avatar } from './avatar.js';
import { h, icon, refill } from './dom.js';
import { found } from './people.js';

const SUGGESTED = 6;

/**
 * @param {object} wish
 * @param {string} wish.label
 * @param {'required' | 'optional'} wish.type
 * @param {() => Invitee[]} wish.read all invitees of the form
 * @param {(invitees: Invitee[]) => void} wish.write
 * @param {Invited[]} wish.people to suggest
 */
export function inviteeField({ label, type, read, write, people }) {
  const listId = `suggestions-${type}`;
  const input = h('input', {
    type: 'text',
    role: 'combobox',
    'aria-label': label,
    'aria-expanded': 'false',
    'aria-controls': listId,
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    placeholder: label,
  });
  const list = h('ul', { class: 'suggestions', role: 'listbox', id: listId, hidden: true });
  const box = h('div', { class: 'chips' }, input);
  /** @type {Invited[]} */
  let offered = [];
  let marked = 0;

  const mine = () => read().filter((one) => one.type === type);
  const add = (/** @type {{ name: string, address: string }} */ { name, address }) => {
    input.value = '';
    offer();
    const known = read().some((one) => one.address.toLowerCase() === address.toLowerCase());
    if (!known) write([...read(), { name, address, type, response: 'none' }]);
  };
  const remove = (/** @type {Invitee} */ gone) =>
    write(read().filter((one) => one.address !== gone.address));

  function offer() {
    const taken = new Set(read().map((one) => one.address.toLowerCase()));
    const free = people.filter((one) => !taken.has(one.address.toLowerCase()));
    offered = input.value.trim() ? found(free, input.value).slice(0, SUGGESTED) : [];
    marked = 0;
    list.hidden = offered.length === 0;
    input.setAttribute('aria-expanded', String(offered.length > 0));
    showOffer();
  }

  function showOffer() {
    refill(
      list,
      ...offered.map((person, place) =>
        h(
          'li',
          {
            role: 'option',
            id: `${listId}-${place}`,
            'aria-selected': String(place === marked),
            onMousedown: (/** @type {Event} */ event) => {
              event.preventDefault();
              add(person);
            },
          },
          avatar(person.name),
          h('span', { class: 'person-text' }, h('b', {}, person.name), h('span', {}, person.address)),
        ),
      ),
    );
    if (offered.length) input.setAttribute('aria-activedescendant', `${listId}-${marked}`);
    else input.removeAttribute('aria-activedescendant');
  }

  function takeTyped() {
    const typed = input.value.trim().replace(/[;,]$/, '');
    if (/^[^@\s]+@[^@\s]+$/.test(typed)) add({ name: typed, address: typed });
  }

  input.addEventListener('input', offer);
  input.addEventListener('blur', () => {
    takeTyped();
    list.hidden = true;
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (!offered.length) return;
      event.preventDefault();
      marked = (marked + (event.key === 'ArrowDown' ? 1 : offered.length - 1)) % offered.length;
      showOffer();
    } else if (event.key === 'Enter' || event.key === ';' || event.key === ',') {
      event.preventDefault();
      if (offered.length) add(offered[marked]);
      else takeTyped();
    } else if (event.key === 'Escape' && offered.length) {
      event.stopPropagation();
      input.value = '';
      offer();
    } else if (event.key === 'Backspace' && !input.value) {
      const last = mine().at(-1);
      if (last) remove(last);
    }
  });

  return {
    element: h('div', { class: 'invitee-field' }, box, list),
    show: () => {
      const chips = mine().map((one) =>
        h(
          'span',
          { class: `chip response-${one.response}`, title: `${one.address} – ${answerOf(one)}` },
          avatar(one.name),
          h('span', { class: 'chip-name' }, one.name),
          h(
            'button',
            { type: 'button', 'aria-label': `Remove ${one.name}`, onClick: () => remove(one) },
            icon('close'),
          ),
        ),
      );
      const wasFocused = document.activeElement === input;
      refill(box, ...chips, input);
      if (wasFocused) input.focus();
    },
  };
}

/** @type {Record<string, string>} */
const ANSWERS = {
  accepted: 'accepted',
  declined: 'declined',
  tentativelyAccepted: 'tentative',
  organizer: 'organizer',
};

/** @param {{ response: string }} invitee */
export function answerOf(invitee) {
  return ANSWERS[invitee.response] ?? 'no answer yet';
}
