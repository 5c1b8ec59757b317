// What a change of the settings would do, in numbers, before it is saved (A8, S6).

import { ApiError } from "../shared/api.js";
import { el } from "../shared/dom.js";
import { post } from "./client.js";
import { counted, notice, time } from "./page.js";

/** Counts, and shows the numbers in place of what is there.
 * @param {HTMLElement} host @param {Record<string, any>} changes @param {AbortSignal} signal
 * @param {{removes: boolean}} [choice] what becomes of records that no longer qualify, where that may be chosen */
export async function countInto(host, changes, signal, choice) {
  try {
    const found = await post("configuration/preview", changes, signal);
    host.replaceChildren(...previewOf(found, choice));
  } catch (error) {
    if (!(error instanceof ApiError)) return;
    // What cannot be is told by saving it, at the field.
    const text = error.status === 422 ? "" : "The effect could not be counted now.";
    host.replaceChildren(el("p", { class: "hint" }, text));
  }
}

/** @param {any} found the simulator's answer @param {{removes: boolean}} [choice] @returns {Node[]} */
function previewOf(found, choice) {
  const isPart = found.mailboxes_read < found.mailboxes;
  const parts = [
    found.competing.length > 0 && competing(found.competing),
    notice(
      "plain",
      el("p", {}, `Over the last 30 days: ${counted(found.records, "record")} of ${counted(found.users, "user")} by these rules; ${number(found.added)} more and ${number(found.removed)} fewer than by today's.`),
      isPart && el("p", { class: "hint" }, `Counted in ${number(found.mailboxes_read)} of ${number(found.mailboxes)} calendars.`),
      found.sample.length > 0 && examples(found.sample),
    ),
    found.users_without_address > 0 &&
      notice("warning", el("p", {}, `${counted(found.users_without_address, "enabled user has", "enabled users have")} no address of this kind. Their sync rests, and their records stay as they are.`)),
    choice && found.unqualified > 0 && unqualified(found.unqualified, isPart, choice),
  ];
  return parts.filter((part) => part instanceof Node);
}

/** @param {any[]} sample */
function examples(sample) {
  return el(
    "details",
    {},
    el("summary", {}, "Examples"),
    el("ul", {}, ...sample.map((one) =>
      el("li", {}, `${one.change === "added" ? "New" : "Gone"}: `, one.subject ?? "(subject hidden)", `, ${one.user}, `, time(one.start)),
    )),
  );
}

/** @param {any[]} found */
function competing(found) {
  return notice(
    "warning",
    el("p", {}, "Another calendar sync seems to be at work. Switch it off first, or meetings come into the CRM twice:"),
    el("ul", {}, ...found.map((one) =>
      el("li", {}, el("strong", {}, one.mark), one.product && ` (${one.product})`, `: ${counted(one.events, "event")} in ${counted(one.mailboxes, "calendar")}`),
    )),
  );
}

/** Keep is the default: no rule takes a record away by itself (L9).
 * @param {number} count @param {boolean} isPart @param {{removes: boolean}} choice */
function unqualified(count, isPart, choice) {
  const pick = (/** @type {boolean} */ removes, /** @type {string} */ text) =>
    el(
      "label",
      {},
      el("input", { type: "radio", name: "unqualified", checked: !removes, change: () => { choice.removes = removes; } }),
      text,
    );
  const records = `${isPart ? "at least " : ""}${counted(count, "existing record")}`;
  return el(
    "fieldset",
    {},
    el("legend", {}, el("strong", {}, `${records[0].toUpperCase()}${records.slice(1)} would no longer qualify`)),
    el(
      "div",
      { class: "choices tall" },
      pick(false, `Keep ${count === 1 && !isPart ? "it" : "them"} (default)`),
      pick(true, `Remove ${isPart ? "all of them" : count === 1 ? "it" : `all ${number(count)}`} from the CRM`),
    ),
    el("span", { class: "hint" }, "Removed records can be brought back for 30 days: by a tick, or by turning the setting back."),
  );
}

/** @param {number} value */
function number(value) {
  return value.toLocaleString("en-GB");
}
