/** Modal dialogs and menus of the page, on the browser's own <dialog>. */

import { h, icon, refill } from './dom.js';

/**
 * Opens a modal dialog; it is gone from the page when closed.
 * @param {string} title
 * @param {string} kind class of the dialog
 * @param {...import('./dom.js').Child} content
 */
export function openDialog(title, kind, ...content) {
  const dialog = h(
    'dialog',
    { class: `dialog ${kind}`, 'aria-label': title },
    h(
      'header',
      { class: 'dialog-head' },
      h('h2', {}, title),
      h(
        'button',
        { type: 'button', class: 'icon-button', 'aria-label': 'Close', onClick: () => dialog.close() },
        icon('close'),
      ),
    ),
    ...content,
  );
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Asks a question.
 * @param {string} title
 * @param {string} text
 * @param {string} yes label of the button that agrees
 * @returns {Promise<boolean>}
 */
export function confirmed(title, text, yes) {
  return new Promise((resolve) => {
    const agree = h('button', { type: 'button', class: 'primary', autofocus: true }, yes);
    const refuse = h('button', { type: 'button' }, 'Not now');
    const dialog = openDialog(
      title,
      'question',
      h('p', {}, text),
      h('footer', { class: 'dialog-foot' }, refuse, agree),
    );
    agree.addEventListener('click', () => {
      resolve(true);
      dialog.close();
    });
    refuse.addEventListener('click', () => dialog.close());
    dialog.addEventListener('close', () => resolve(false));
  });
}

/**
 * A button that opens a menu below itself.
 * @param {import('./dom.js').Child[]} label
 * @param {Record<string, any>} props of the button
 * @param {(close: () => void) => HTMLElement[]} content made anew at each opening
 */
export function menuButton(label, props, content) {
  const menu = h('div', { class: 'menu', hidden: true });
  const button = h(
    'button',
    { type: 'button', 'aria-expanded': 'false', ...props },
    ...label,
  );
  const wrap = h('span', { class: 'menu-wrap' }, button, menu);
  const close = () => {
    menu.hidden = true;
    button.setAttribute('aria-expanded', 'false');
  };
  button.addEventListener('click', () => {
    if (!menu.hidden) return close();
    menu.replaceChildren(...content(close));
    menu.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    menu.classList.toggle('from-right', menu.getBoundingClientRect().right > window.innerWidth);
    return undefined;
  });
  wrap.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || menu.hidden) return;
    event.stopPropagation();
    close();
    button.focus();
  });
  wrap.addEventListener('focusout', (event) => {
    if (!wrap.contains(/** @type {Node | null} */ (event.relatedTarget))) close();
  });
  return wrap;
}

/** @type {number | undefined} */
let fading;

/**
 * A short message at the bottom of the page.
 * @param {string} text
 * @param {boolean} [isProblem]
 * @param {{ label: string, act: () => unknown }} [offer] a button beside the words
 */
export function say(text, isProblem = false, offer) {
  const toast = document.getElementById('toast');
  if (!toast) return;
  const hide = () => toast.classList.remove('is-shown');
  const button =
    offer &&
    h(
      'button',
      {
        type: 'button',
        class: 'toast-act',
        onClick: () => {
          hide();
          offer.act();
        },
      },
      offer.label,
    );
  refill(toast, h('span', {}, text), button);
  toast.classList.toggle('is-problem', isProblem);
  toast.classList.add('is-shown');
  clearTimeout(fading);
  fading = window.setTimeout(hide, offer ? 12_000 : isProblem ? 8000 : 3500);
}

/**
 * Runs an act of the person and says what went wrong.
 * @param {() => Promise<unknown>} act
 * @returns {Promise<boolean>} whether it worked
 */
export async function attempt(act) {
  try {
    await act();
    return true;
  } catch (error) {
    say(/** @type {Error} */ (error).message || 'That did not work.', true);
    return false;
  }
}
