// The brake's decision (L7): what stopped a mailbox, and what either choice does, in numbers.

import { el, quote } from "../shared/dom.js";
import { get, isAdmin, post } from "./client.js";
import { counted, inWords, load, notice, openDialog, time } from "./page.js";
import { BRAKE_FOLLOWS, BRAKE_WAITING, BRAKE_WENT, named } from "./words.js";

/** @typedef {{user: string, since: string | null, followed: number, is_read: boolean,
 *   went: Record<string, number>, waiting: Record<string, number>, let_go: Record<string, number>,
 *   hold: Record<string, number>,
 *   sample: {event_id: string, ends_at: string | null, happened: string, follows: string}[]}} Report */

/** @param {{name: string, mailbox_id: string}} person
 * @param {(words: string) => Promise<void>} decided */
export function decideBrake(person, decided) {
  const trouble = el("p", { role: "alert", class: "state danger" });
  const body = el("div", { class: "parts", "aria-live": "polite" });
  const decide = async (/** @type {"let_go" | "hold"} */ decision) => {
    try {
      await post(`brake/${person.mailbox_id}`, { decision });
      box.close();
      const words = decision === "let_go" ? "the changes take effect now." : "the changes are taken back; records stay.";
      await decided(`${person.name}: ${words}`);
    } catch (error) {
      trouble.textContent = inWords(error);
    }
  };
  const box = el(
    "dialog",
    { "aria-labelledby": "question", class: "wide" },
    el("h2", { id: "question" }, "Sync stopped for ", quote(person.name)),
    body,
    trouble,
    el(
      "div",
      { class: "actions" },
      el("button", { type: "button", autofocus: true, click: () => box.close() }, isAdmin ? "Decide later" : "Close"),
      isAdmin && el("button", { type: "button", click: () => void decide("hold") }, "Keep the records"),
      isAdmin && el("button", { type: "button", class: "danger", click: () => void decide("let_go") }, "Let it happen"),
    ),
  );
  openDialog(box);
  void load(body, () => get(`brake/${person.mailbox_id}`), (found) => body.replaceChildren(...report(found)));
}

/** @param {Report} found */
function report(found) {
  const went = Object.values(found.went).reduce((sum, count) => sum + count, 0);
  return [
    el(
      "p",
      {},
      "Too many synced events went from this calendar at once, so nothing is written for it",
      ...(found.since ? [" since ", time(found.since)] : []),
      `. ${counted(went, "event")} went before that; ${counted(found.followed, "event")} ${found.followed === 1 ? "rests" : "rest"} until ${isAdmin ? "you decide" : "an administrator decides"}.`,
    ),
    el("div", { class: "cards" },
      counts("Went already", found.went, BRAKE_WENT),
      found.is_read
        ? counts("What Outlook shows of the others", found.waiting, BRAKE_WAITING)
        : notice("warning", "The calendar cannot be read now, so what Outlook shows of the others is not known.")),
    el(
      "dl",
      { class: "choices-with-consequences" },
      el("dt", {}, "Let it happen"),
      el("dd", {}, found.is_read ? sentence(found.let_go, BRAKE_FOLLOWS) : "What happened in Outlook happens to the records as well."),
      el("dt", {}, "Keep the records"),
      el("dd", {}, kept(found.hold)),
    ),
    found.sample.length > 0 && el(
      "details",
      {},
      el("summary", {}, `Examples (${found.sample.length})`),
      el("ul", {}, ...found.sample.map((one) => el("li", {},
        one.ends_at ? time(one.ends_at) : "Event",
        ` (subject hidden): ${named(BRAKE_WAITING, one.happened).toLowerCase()} → ${named(BRAKE_FOLLOWS, one.follows)}`))),
    ),
  ].filter((child) => child !== false);
}

/** @param {string} title @param {Record<string, number>} numbers @param {Record<string, string>} words */
function counts(title, numbers, words) {
  const rows = Object.entries(numbers).filter(([, count]) => count > 0);
  return el(
    "section",
    { "aria-label": title },
    el("h3", {}, title),
    rows.length === 0
      ? el("p", {}, "Nothing.")
      : el("dl", { class: "facts" }, ...rows.flatMap(([key, count]) => [el("dt", {}, named(words, key)), el("dd", {}, count.toLocaleString("en-GB"))])),
  );
}

/** @param {Record<string, number>} numbers @param {Record<string, string>} words */
function sentence(numbers, words) {
  const parts = Object.entries(numbers).filter(([, count]) => count > 0);
  return `${parts.map(([key, count]) => `${counted(count, "record")} ${named(words, key)}`).join("; ")}.`;
}

/** @param {Record<string, number>} hold */
function kept({ restored = 0, unfollowed = 0, followed = 0 }) {
  return [
    restored > 0 && `${counted(restored, "record")} that went within the last hour ${restored === 1 ? "comes" : "come"} back with the category`,
    unfollowed > 0 && `${counted(unfollowed, "record")} of events that are gone for good ${unfollowed === 1 ? "stays" : "stay"} and ${unfollowed === 1 ? "is" : "are"} not followed any more`,
    followed > 0 && `${counted(followed, "record")} ${followed === 1 ? "is" : "are"} followed on, as if nothing had happened`,
  ].filter(Boolean).join("; ") + ".";
}
