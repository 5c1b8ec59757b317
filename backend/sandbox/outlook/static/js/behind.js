/** What only the sandbox can show beside the form: each mailbox's copy, and the form's own memory. */

/** @import { EventForm } from './form.js' */

import * as api from './api.js';
import { avatar } from './avatar.js';
import { h, icon, refill } from './dom.js';
import { colourOf } from './model.js';

/**
 * @typedef {object} Around
 * @property {() => boolean} keepsCategories
 * @property {(on: boolean) => void} keepCategories
 * @property {(owner: string, id: string) => void} openBeside
 *
 * @param {EventForm} form
 * @param {Around} around
 */
export function behindTheForm(form, around) {
  const copies = h('div', { class: 'copies' });
  const memory = h('p', { class: 'quiet memory' });
  const keeps = h('input', { type: 'checkbox', role: 'switch', id: 'keeps-categories' });
  keeps.checked = around.keepsCategories();
  keeps.addEventListener('change', () => {
    around.keepCategories(keeps.checked);
    showMemory();
  });

  function showMemory() {
    const own = form.opened.categories;
    memory.textContent = keeps.checked
      ? `Saving writes back: ${own.length ? own.join(', ') : 'no categories'}.`
      : 'Saving leaves the categories alone.';
  }

  async function load() {
    if (!form.id) return refill(copies, h('p', { class: 'quiet' }, 'Not saved yet: no mailbox has it.'));
    const found = await api.copies(form.owner.address, form.id, form.person.address).catch(() => []);
    refill(copies, ...found.map((copy) => copyLine(copy, form, around)));
    return undefined;
  }

  form.onChange((names) => {
    showMemory();
    if (names.includes('event')) void load();
  });
  showMemory();
  void load();
  const element = h(
    'section',
    { class: 'behind', 'aria-label': 'Behind the form' },
    h('h2', {}, 'Behind the form'),
    form.surface === 'compose' &&
      h('label', { class: 'switch' }, keeps, h('span', {}, 'Saves its own copy of the categories')),
    form.surface === 'compose' && memory,
    h('h3', {}, 'Copies in the mailboxes'),
    copies,
  );
  return { element, load };
}

/**
 * @param {any} copy
 * @param {EventForm} form
 * @param {Around} around
 */
function copyLine(copy, form, around) {
  const { owner, owner_name: name, categories, id } = copy;
  const isHere = owner === form.owner.address && form.owner === form.person;
  return h(
    'div',
    { class: 'copy', 'data-owner': owner },
    avatar(name),
    h('span', { class: 'copy-name' }, name, copy.is_organizer && h('em', {}, ' organizer')),
    h(
      'span',
      { class: 'copy-tags' },
      ...categories.map((/** @type {string} */ category) =>
        h('span', { class: 'tag', 'data-color': colourOf(category, form.master) }, category),
      ),
      categories.length === 0 && h('span', { class: 'quiet' }, 'no category'),
    ),
    !isHere &&
      h(
        'button',
        {
          type: 'button',
          class: 'icon-button',
          'aria-label': `Open beside as ${name}`,
          title: `Open beside as ${name}`,
          onClick: () => around.openBeside(owner, id),
        },
        icon('columns'),
      ),
  );
}
