// Dashboard (A9): how sync is doing, over the last 30 days.

import { el, quote } from "../shared/dom.js";
import { countChart, dailyChart } from "./charts.js";
import { get } from "./client.js";
import { load, time } from "./page.js";
import { LINK_STATES, named, STATES } from "./words.js";

/** @param {HTMLElement} host @returns {import("./main.js").Shown} */
export function showDashboard(host) {
  const body = el("div", {});
  const read = () => load(body, () => get("dashboard"), (found) => draw(body, found));
  host.replaceChildren(
    el("h1", {}, "Dashboard"),
    el("p", { class: "lead" }, "How sync is doing, over the last 30 days."),
    el("div", { class: "bar" }, el("button", { type: "button", click: () => void read() }, "Refresh")),
    body,
  );
  void read();
  return {};
}

/** @param {Record<string, number>} counts @param {Record<string, string>} words
 * @param {(key: string) => string} [where] the page that lists what is counted
 * @returns {[string, number, string?][]} */
function sorted(counts, words, where) {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([key, count]) => [named(words, key), count, where?.(key)]);
}

/** @param {number | null} seconds */
function span(seconds) {
  if (seconds === null) return "not known yet";
  return seconds < 120 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;
}

/** @param {string} title @param {...import("../shared/dom.js").Child} children */
function card(title, ...children) {
  return el("section", { class: "group", "aria-label": title }, el("h2", {}, title), ...children);
}

/** @param {HTMLElement} host @param {any} found */
function draw(host, found) {
  host.replaceChildren(
    card("Events synced per day", dailyChart(found.synced_per_day)),
    el(
      "div",
      { class: "cards" },
      card("Mailboxes", countChart("Mailboxes by state", sorted(found.mailboxes_by_state, STATES, (key) => `#/users?state=${key}`), "There are no mailboxes yet.")),
      card("Problems of mailboxes", countChart("Problems", sorted(found.problems, {}, () => "#/users?problem=true"), "No mailbox has a problem.")),
      card("Events", countChart("Events by state", sorted(found.links, LINK_STATES), "No event has been synced yet.")),
      card("How they were chosen", countChart("By origin", sorted(found.by_origin, { manual: "By hand", automatic: "By rules" }), "No event has been synced yet.")),
      card("Errors by code", countChart("Errors by code", sorted(found.errors_by_code, {}, (key) => `#/log?errors=true&code=${encodeURIComponent(key)}`), "There were no errors.")),
      card("From Outlook to the CRM", el("dl", { class: "facts" },
        el("dt", {}, "Half within"), el("dd", {}, span(found.lag_p50)),
        el("dt", {}, "95 of 100 within"), el("dd", {}, span(found.lag_p95)),
        el("dt", {}, "Measured on"), el("dd", {}, `${found.lag_samples.toLocaleString("en-GB")} writes`))),
      card("Secrets near their end", found.secrets_ending.length === 0
        ? el("p", {}, "No secret or certificate ends soon.")
        : el("ul", {}, ...found.secrets_ending.map((/** @type {any} */ one) => el("li", {}, quote(one.name), ": ", time(one.expires_at))))),
      card("Notifications from Microsoft", countChart("Subscriptions", sorted(found.subscriptions, {}), "There are no subscriptions.")),
    ),
    el("p", { class: "hint" }, "As of ", time(found.at), "."),
  );
}
