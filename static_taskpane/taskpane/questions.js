// The two questions the pane asks before something that is not easily taken back.

import { el } from "../shared/dom.js";
import { ask } from "./dialog.js";
import { consequences } from "./status.js";

/** @import { EventAnswer } from "./types.js" */

/** An unsaved item has no id, and saving makes a real calendar entry (T8). */
export function confirmSaving() {
  return ask({
    title: "Outlook will save this event first",
    body: [
      el(
        "p",
        {},
        "Only a saved event can be added. It goes into your calendar now; invitations are not " +
          "sent before you send them.",
      ),
    ],
    confirm: "Save and add",
  });
}

/** Without a record nothing would be lost, so nothing is asked.
 * @param {EventAnswer} answer @returns {Promise<boolean>} */
export async function confirmUntick(answer) {
  if (answer.link?.state === "released") {
    return ask({
      title: "Take the category off?",
      body: [el("p", {}, "Only the category is removed from the event. The record stays in InterAction.")],
      confirm: "Take it off",
    });
  }
  if (!answer.activity) return true;
  const lost = consequences(answer);
  return ask({
    title: "Remove from InterAction?",
    body: [
      el("p", {}, lost.length > 0 ? "The record is deleted, and with it:" : "The record is deleted."),
      lost.length > 0 && el("ul", {}, ...lost.map((what) => el("li", {}, what))),
      el("p", {}, "You can undo this for 30 days. The event itself stays in your calendar."),
    ],
    confirm: "Remove",
    danger: true,
  });
}
