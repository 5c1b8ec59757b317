// Explain (A7): one event, every rule, look and write in order; and what today's rules would say.

import { el, quote } from "../shared/dom.js";
import { get, post } from "./client.js";
import { load, notice, time, troubleNotice } from "./page.js";
import { KINDS, LINK_STATES, named, RULES } from "./words.js";
import { ApiError } from "../shared/api.js";

/** @param {HTMLElement} host @param {URLSearchParams} query @returns {import("./main.js").Shown} */
export function showExplain(host, query) {
  const answer = el("div", { "aria-live": "polite" });
  /** @param {string} id @param {string} label @param {string} hint */
  const field = (id, label, hint) =>
    el("div", { class: "field" }, el("label", { for: id }, label), el("input", { type: "text", id, value: query.get(id) ?? "", autocomplete: "off", "aria-describedby": `${id}-hint` }), el("span", { class: "hint", id: `${id}-hint` }, hint));
  const form = el(
    "form",
    { class: "group", novalidate: true, submit: (event) => { event.preventDefault(); void read(); } },
    el("div", { class: "side-by-side" },
      field("ical_uid", "iCalUId of the event", "The same for everybody who was invited."),
      field("event_id", "or: id of the event", "As the log and Outlook show it."),
      field("mailbox", "in the calendar of", "The owner's address.")),
    el("div", { class: "actions" }, el("button", { type: "submit", class: "primary" }, "Explain")),
  );
  /** @returns {Record<string, string>} */
  const key = () => {
    const value = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (form.querySelector(`#${id}`)).value.trim();
    return value("ical_uid") ? { ical_uid: value("ical_uid") } : { event_id: value("event_id"), mailbox: value("mailbox") };
  };
  const read = async () => {
    const asked = key();
    answer.replaceChildren();
    if (!asked.ical_uid && !(asked.event_id && asked.mailbox)) {
      answer.replaceChildren(notice("warning", "Enter the iCalUId, or the event's id and the owner's address."));
      return;
    }
    await load(answer, () => explained(asked), (found) => {
      answer.replaceChildren(...(found ? parts(found, asked) : [notice("warning", "Calendar Sync has never seen this event. It may be outside the range of days, in a calendar that is not enabled, or not read yet.")]));
    });
  };
  host.replaceChildren(
    el("h1", {}, "Explain"),
    el("p", { class: "lead" }, "Why did this event sync, or why not? Every rule, every look and every write, in order."),
    form,
    answer,
  );
  if (query.get("ical_uid") || query.get("event_id")) void read();
  return {};
}

/** @param {Record<string, string>} asked */
async function explained(asked) {
  try {
    return await get("explain", asked);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** @param {any} found @param {Record<string, string>} asked */
function parts(found, asked) {
  const link = found.link;
  const again = el("div", { "aria-live": "polite" });
  const failed = found.rules.filter((/** @type {any} */ rule) => rule.passed === false);
  return [
    el(
      "section",
      { class: "group", "aria-label": "Answer" },
      el("h2", {}, found.subject ? quote(found.subject) : "Event (subject hidden)"),
      el(
        "dl",
        { class: "facts" },
        el("dt", {}, "Calendar of"), el("dd", {}, quote(found.user)),
        el("dt", {}, "State"), el("dd", {}, link ? named(LINK_STATES, link.state) : "Not in the CRM"),
        ...(!link && failed.length > 0 ? [el("dt", {}, "Because"), el("dd", {}, failed.map((/** @type {any} */ rule) => rule.text ?? named(RULES, rule.code)).join(" "))] : []),
        ...(link?.reason ? [el("dt", {}, "Because"), el("dd", {}, link.reason_text ?? link.reason)] : []),
        ...(link ? [el("dt", {}, "Chosen"), el("dd", {}, link.origin === "manual" ? "by hand" : "by the firm's rules")] : []),
        ...(link?.blocked_by ? [el("dt", {}, "Waits"), el("dd", {}, link.blocked_text ?? link.blocked_by)] : []),
        ...(link?.next_attempt_at ? [el("dt", {}, "Next attempt"), el("dd", {}, time(link.next_attempt_at))] : []),
        ...(link ? [el("dt", {}, "Last change seen"), el("dd", {}, time(link.last_change_seen_at)), el("dt", {}, "Last written"), el("dd", {}, time(link.written_at))] : []),
        ...(link?.activity_id ? [el("dt", {}, "Record"), el("dd", {}, el("a", { href: `/crm/activities/${link.activity_id}` }, "Open in the CRM"))] : []),
      ),
    ),
    el(
      "section",
      { class: "group", "aria-label": "Rules" },
      el("h2", {}, "Rules"),
      el("p", { class: "hint" }, found.judged_at ? el("span", {}, "As they were judged ", time(found.judged_at), ".") : "The event has not been judged yet."),
      rules(found.rules),
      el("div", { class: "actions" }, el("button", { type: "button", click: () => void replay(again, asked) }, "Ask today's rules")),
      again,
    ),
    el(
      "section",
      { class: "group", "aria-label": "Story" },
      el("h2", {}, "What happened, in order"),
      found.lines.length === 0
        ? el("p", {}, "Nothing yet.")
        : el("ol", {}, ...found.lines.map((/** @type {any} */ line) =>
            el("li", {}, time(line.at), " ", el("strong", {}, named(KINDS, line.kind)), ` ${line.message}`,
              ...line.why.map((/** @type {any} */ why) => el("span", { class: "sub" }, why.text)),
              line.request_id && el("span", { class: "sub" }, `Microsoft's request id: ${line.request_id}`)))),
    ),
  ];
}

/** @param {any[]} list */
function rules(list) {
  const words = { true: ["good", "✓", "Passed: "], false: ["danger", "✗", "Failed: "], null: ["", "?", "Not known: "] };
  // What said no stands first.
  const ordered = [...list].sort((a, b) => Number(a.passed !== false) - Number(b.passed !== false));
  return el("ul", { class: "checks" }, ...ordered.map((rule) => {
    const [tone, sign, spoken] = words[/** @type {"true"} */ (String(rule.passed))] ?? words.null;
    return el("li", {}, el("span", { class: `state ${tone}`.trim() }, el("span", { "aria-hidden": "true" }, `${sign} `), el("span", { class: "unseen" }, spoken)), rule.text ?? named(RULES, rule.code), " ", el("code", {}, rule.code));
  }));
}

/** @param {HTMLElement} host @param {Record<string, string>} asked */
async function replay(host, asked) {
  host.replaceChildren(el("p", { class: "hint" }, "Reading the event from Outlook…"));
  try {
    const found = await post("explain/replay", asked);
    host.replaceChildren(
      ...(found.found
        ? found.judgements.map((/** @type {any} */ one) =>
            notice(one.eligible ? "good" : "warning",
              el("p", {}, el("strong", {}, `${one.origin === "manual" ? "Ticked by hand" : "By itself"}: ${one.eligible ? "it would sync" : "it would not sync"}`)),
              rules(one.rules)))
        : [notice("warning", "Outlook does not have this event any more.")]),
      el("p", { class: "hint" }, "Nothing was written."),
    );
  } catch (error) {
    host.replaceChildren(troubleNotice(error));
  }
}
