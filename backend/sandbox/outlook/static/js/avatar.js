/** A round picture with initials, its colour taken from the name. */

import { h } from './dom.js';

/** @param {string} name */
export function avatar(name) {
  const words = name.split(/[\s,]+/).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words[words.length - 1] : '']
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('');
  const sum = [...name].reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0);
  return h('span', {
    class: `avatar tone-${sum % 8}`,
    'aria-hidden': 'true',
    'data-letters': letters.toUpperCase(),
  });
}
