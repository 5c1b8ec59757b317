// Questions inside the pane: Office hosts forbid confirm(). The browser's own modal dialog keeps the
// focus inside, closes on Escape and gives the focus back.

import { el } from "../shared/dom.js";

/** @import { Child } from "../shared/dom.js" */

/** @param {{title: string, body: Child[], confirm: string, danger?: boolean}} question
 * @returns {Promise<boolean>} */
export function ask({ title, body, confirm, danger = false }) {
  return new Promise((resolve) => {
    const yes = el("button", { type: "submit", value: "yes", class: danger ? "danger" : "primary" }, confirm);
    const no = el("button", { type: "submit", value: "no" }, "Cancel");
    const dialog = el(
      "dialog",
      { "aria-labelledby": "dialog-title", "aria-describedby": "dialog-body" },
      el(
        "form",
        { method: "dialog" },
        el("h2", { id: "dialog-title" }, title),
        el("div", { id: "dialog-body" }, ...body),
        el("div", { class: "actions" }, yes, no),
      ),
    );
    const opener = document.activeElement?.id;
    dialog.addEventListener("close", () => {
      dialog.remove();
      // What opened the dialog may have been drawn anew meanwhile.
      if (opener) document.getElementById(opener)?.focus();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    // Not by the autofocus attribute: browsers ignore it in frames of another origin.
    no.focus();
  });
}
