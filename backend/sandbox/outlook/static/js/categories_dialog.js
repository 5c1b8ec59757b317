/** The master categories of a mailbox: makes new ones, gives them other colours, takes them away. */

/** @import { Somebody } from './people.js' */

import { MasterCategories, categories } from './api.js';
import { h, icon, refill } from './dom.js';
import { attempt, confirmed, openDialog } from './popup.js';

/** Outlook's names of the 25 colours, in their order. */
const COLOURS = [
  'Red', 'Orange', 'Brown', 'Yellow', 'Green', 'Teal', 'Olive', 'Blue', 'Purple', 'Cranberry',
  'Steel', 'Dark steel', 'Gray', 'Dark gray', 'Black', 'Dark red', 'Dark orange', 'Dark brown',
  'Dark yellow', 'Dark green', 'Dark teal', 'Dark olive', 'Dark blue', 'Dark purple',
  'Dark cranberry',
];
const LONGEST_NAME = 255;

/**
 * @param {Somebody} owner of the mailbox
 * @param {Somebody} person who acts
 * @param {() => void} changed
 */
export function manageCategories(owner, person, changed) {
  const list = h('ul', { class: 'category-list' });
  const master = new MasterCategories(owner.address, person.address);
  const run = async (/** @type {() => Promise<unknown>} */ act) => {
    const worked = await attempt(act);
    if (worked) changed();
    await show();
    return worked;
  };
  const show = async () => {
    const focused = document.activeElement?.id;
    const all = await categories(owner.address).catch(() => []);
    refill(list, ...all.map((one) => row(/** @type {Category} */ (one), master, run)));
    if (focused) document.getElementById(focused)?.focus();
  };
  openDialog(
    owner === person ? 'Categories' : `Categories of ${owner.name}`,
    'categories',
    list,
    newCategory(async (name, color) => run(() => master.create(name, color))),
  );
  void show();
}

/**
 * @typedef {{ id: string, displayName: string, color: string }} Category
 *
 * @param {Category} category
 * @param {MasterCategories} master
 * @param {(act: () => Promise<unknown>) => Promise<boolean>} run
 */
function row({ id, displayName, color }, master, run) {
  const swatch = h('i', { class: 'swatch', 'data-color': color.toLowerCase() });
  const select = colourSelect(`Colour of ${displayName}`, color.toLowerCase());
  select.id = `colour-${id}`;
  select.addEventListener('change', () => void run(() => master.recolour(id, select.value)));
  const remove = h(
    'button',
    {
      type: 'button',
      class: 'icon-button',
      'aria-label': `Delete ${displayName}`,
      onClick: async () => {
        const text = 'Events keep the name, without a colour.';
        if (await confirmed(`Delete “${displayName}”?`, text, 'Delete')) await run(() => master.remove(id));
      },
    },
    icon('trash'),
  );
  return h('li', {}, swatch, h('bdi', { class: 'category-name' }, displayName), select, remove);
}

/** @param {(name: string, color: string) => Promise<boolean>} create */
function newCategory(create) {
  const name = h('input', {
    type: 'text',
    'aria-label': 'Name of a new category',
    placeholder: 'New category',
    maxlength: LONGEST_NAME,
    required: true,
  });
  const color = colourSelect('Colour of the new category', 'preset7');
  const form = h(
    'form',
    { class: 'new-category' },
    name,
    color,
    h('button', { type: 'submit', class: 'command primary' }, icon('plus'), h('span', {}, 'Create')),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (await create(name.value.trim(), color.value)) name.value = '';
    name.focus();
  });
  return form;
}

/**
 * @param {string} label
 * @param {string} chosen
 */
function colourSelect(label, chosen) {
  const options = COLOURS.map((text, place) => h('option', { value: `preset${place}` }, text));
  const select = h('select', { 'aria-label': label }, h('option', { value: 'none' }, 'None'), ...options);
  select.value = chosen;
  return select;
}
