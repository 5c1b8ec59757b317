/** A pane that only asks: tests call `probe.…` in its frame and look at the answers. */

/* global Office, msal */

/** Calls a method of the Office.js kind; tells what was thrown, refused or answered. */
function call(target, name, ...args) {
  return new Promise((resolve) => {
    try {
      target[name](...args, ({ status, value, error }) => resolve({ status, value, error }));
    } catch (thrown) {
      resolve({ thrown: thrown.message });
    }
  });
}

const heard = [];
const ready = Office.onReady();

window.probe = {
  call,
  heard,
  ready,
  item: () => Office.context.mailbox.item,
  listen: (...types) =>
    Promise.all(
      types.map((type) =>
        call(window.probe.item(), 'addHandlerAsync', Office.EventType[type], (event) => heard.push(event)),
      ),
    ),
  /** Signs in with the real MSAL.js, as the pane does. */
  msalToken: async (clientId, scope, interactive = false) => {
    const app = await msal.createNestablePublicClientApplication({
      auth: { clientId, authority: 'https://login.microsoftonline.com/common' },
    });
    const ask = interactive ? 'acquireTokenPopup' : 'acquireTokenSilent';
    try {
      const { accessToken, account } = await app[ask]({ scopes: [scope] });
      return { accessToken, user: account.username };
    } catch (error) {
      return { error: error.name, code: error.errorCode };
    }
  },
};

const info = await ready;
const item = Office.context.mailbox?.item;
document.getElementById('seen').textContent = JSON.stringify(
  { ...info, surface: item && (item.itemId === undefined ? 'compose' : 'read') },
  null,
  1,
);
document.documentElement.dataset.ready = 'true';
