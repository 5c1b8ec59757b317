/** A page in a dialog: greets the pane that opened it and repeats what it is told. */

/* global Office */

await Office.onReady();
window.addEventListener('message', ({ data }) => {
  if (data.kind === 'office:parent-message') Office.context.ui.messageParent(`heard ${data.message}`);
});
Office.context.ui.messageParent('ready');
