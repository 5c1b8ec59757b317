/** The drawer with the mails that would have gone out, newest first. */

import * as api from './api.js';
import { wallOf } from './dates.js';
import { h, icon, refill } from './dom.js';

const MOST_SHOWN = 100;
/** @type {Record<string, string>} */
const KINDS = {
  invitation: 'Invitation',
  update: 'Update',
  cancellation: 'Cancellation',
  response: 'Answer',
};

/** @param {() => void} close */
export function mailDrawer(close) {
  const list = h('div', { class: 'mail-list', 'aria-live': 'polite' });
  const element = h(
    'aside',
    { class: 'drawer', id: 'mail-drawer', 'aria-label': 'Mail', hidden: true },
    h(
      'header',
      { class: 'pane-head' },
      icon('mail'),
      h('h2', {}, 'Mail that went out'),
      h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close mail', onClick: close }, icon('close')),
    ),
    list,
  );
  return {
    element,
    load: async () => {
      if (element.hidden) return;
      const mails = await api.mail().catch(() => []);
      const newest = mails.toReversed().slice(0, MOST_SHOWN);
      refill(list, ...(newest.length ? newest.map(mailRow) : [h('p', { class: 'quiet' }, 'No mail so far.')]));
    },
  };
}

/** @param {any} mail */
function mailRow(mail) {
  const byApp = mail.cause?.app;
  return h(
    'article',
    { class: 'mail', 'data-by-app': Boolean(byApp) },
    h(
      'p',
      { class: 'mail-line' },
      h('span', { class: `mail-kind ${mail.kind}` }, KINDS[mail.kind] ?? mail.kind),
      h('time', {}, wallOf(new Date(mail.at)).replace('T', ' ')),
    ),
    h('b', {}, mail.subject || 'No subject'),
    h('p', { class: 'quiet' }, `${mail.from} → ${[mail.to].flat().join(', ')}`),
    byApp && h('p', { class: 'mail-cause' }, `Caused by the app ${byApp}`),
  );
}
